/**
 * No moment of these years may stand in code, because a test that relies on one passes only until that day, or only
 * from that day on. Moments before these years are past in every run, and those after them are to come. The span is
 * fixed, so that code which nobody touched never fails.
 */
const FIRST_YEAR = 2020
const LAST_YEAR = 2049
const YEAR = '20[2-4]\\d'
const EPOCH_SECONDS = { from: Date.UTC(FIRST_YEAR) / 1000, to: Date.UTC(LAST_YEAR + 1) / 1000 }

/** Matches what is not code: comments, and each `example` in the documentation of the API. */
const NO_CODE = /\/\*[\s\S]*?\*\/|(?<![:'"`\\])\/\/.*|\bexample: '[^'\n]*'/g
const MOMENT = new RegExp(
  [
    // A date alone is a name, such as a compatibility date, unless a clock is made of it.
    `\\b(?:Date\\.parse|new Date)\\(\\s*['"\`]${YEAR}\\b[^'"\`]*`,
    `\\b(?:Date\\.UTC|new Date)\\(\\s*${YEAR}\\s*[,)]`,
    `\\b${YEAR}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d`,
    // Ten digits are seconds since the epoch, thirteen are milliseconds.
    '(?<![\\w.])\\d(?:_?\\d){9}(?:(?:_?\\d){3})?(?![\\w.])',
  ].join('|'),
  'g',
)

/** A literal in code that names a moment of these years. */
export interface FixedMoment {
  line: number
  literal: string
}

/** Finds the fixed moments in TypeScript. Documents and vectors are data, and may have them. */
export function findFixedMoments(source: string): FixedMoment[] {
  const code = source.replace(NO_CODE, (text) => text.replace(/[^\n]/g, ' '))
  return [...code.matchAll(MOMENT)]
    .filter(([literal]) => !/^[\d_]+$/.test(literal) || isOfOurTime(Number(literal.replaceAll('_', ''))))
    .map(({ index, 0: literal }) => ({ line: code.slice(0, index).split('\n').length, literal }))
}

function isOfOurTime(epoch: number): boolean {
  const seconds = epoch >= 1e12 ? epoch / 1000 : epoch
  return seconds >= EPOCH_SECONDS.from && seconds < EPOCH_SECONDS.to
}
