import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text that every section of the console shows. */
export const text = speak({ en, de })
