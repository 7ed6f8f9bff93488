import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the first page, and of the one that says that nothing is there. */
export const text = speak({ en, de })
