import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the pages on which somebody signs in or up. */
export const text = speak({ en, de })
