import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the console's roles. */
export const text = speak({ en, de })
