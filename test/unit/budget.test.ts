import { describe, expect, it } from 'vitest'
import { type Costs, findExcesses } from '../../scripts/lib/budget.ts'

const BUDGET: Costs = { codeGzippedKiB: 190, dataGzippedKiB: 83, startUpRatio: 10, packagesMinifiedKiB: { zod: 98 } }
const excessesOf = (changed: Partial<Costs>) => findExcesses(BUDGET, { ...BUDGET, ...changed })

describe('npm run budget', () => {
  it('accepts a Worker that costs what it may', () => {
    expect(excessesOf({})).toEqual([])
    expect(excessesOf({ codeGzippedKiB: 100, startUpRatio: 3, packagesMinifiedKiB: { zod: 20 } })).toEqual([])
  })

  it.each([
    [{ codeGzippedKiB: 190.1 }, 'KiB of script and WebAssembly, gzipped: 190.1, and 190 are allowed'],
    [{ dataGzippedKiB: 84 }, 'KiB of data, gzipped: 84, and 83 are allowed'],
    [{ startUpRatio: 10.1 }, 'times the CPU of a bare start: 10.1, and 10 are allowed'],
    [{ packagesMinifiedKiB: { zod: 460 } }, 'KiB of zod: 460, and 98 are allowed'],
  ])('refuses a Worker that costs more: %j', (changed, excess) => {
    expect(excessesOf(changed)).toEqual([excess])
  })

  it('refuses a package that has no line, however small it is', () => {
    expect(excessesOf({ packagesMinifiedKiB: { zod: 98, 'left-pad': 0.1 } })).toEqual([
      'left-pad (0.1 KiB) has no line: add one that says what it may cost',
    ])
  })

  it('refuses a line whose package is gone, so that nothing can grow into its place', () => {
    expect(excessesOf({ packagesMinifiedKiB: {} })).toEqual(['zod is not in the Worker any more: remove its line'])
  })
})
