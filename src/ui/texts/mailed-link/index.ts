import { speak } from '../language.ts'
import { de } from './de.ts'
import { en } from './en.ts'

/** Gives a text of the pages that links in mails lead to. */
export const text = speak({ en, de })
