import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the page that describes the API. */
export const text = speak({ en, de })
