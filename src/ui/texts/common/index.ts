import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text that several pages show. */
export const common = speak({ en, de })
