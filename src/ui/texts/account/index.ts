import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the page on which people look after their account. */
export const text = speak({ en, de })
