import { describe, expect, it } from 'vitest'
import { REFUSALS } from '../../src/errors.ts'

describe('the title of a refusal', () => {
  it.each(Object.entries(REFUSALS))('%s says what happened, and then what to do', (_, { title }) => {
    expect(title).toMatch(/^[A-Z][^.]+\. [A-Z][^.]+\.$/)
  })

  it('is no other’s', () => {
    const titles = Object.values(REFUSALS).map(({ title }) => title)
    expect(new Set(titles).size).toBe(titles.length)
  })
})
