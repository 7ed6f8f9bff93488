import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the console's sections for those who run the service. */
export const text = speak({ en, de })
