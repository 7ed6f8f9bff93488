import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the import of accounts. */
export const text = speak({ en, de })
