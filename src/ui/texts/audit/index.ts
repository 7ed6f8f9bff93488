import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the console's audit log. */
export const text = speak({ en, de })
