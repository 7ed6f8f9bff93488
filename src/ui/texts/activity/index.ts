import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text about what happened to an account. */
export const text = speak({ en, de })
