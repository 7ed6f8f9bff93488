import { unicodePattern } from './unicode-pattern.ts'

const MARKS = unicodePattern(String.raw`\p{M}+`, 'gu')

/**
 * Folds a text so that it is found whatever the case and the accents of what somebody types: in lower case, without
 * combining marks (Unicode NFKD).
 */
export const foldText = (text: string): string => text.normalize('NFKD').replace(MARKS(), '').toLowerCase()
