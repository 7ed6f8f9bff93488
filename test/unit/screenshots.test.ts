import { describe, expect, it } from 'vitest'
import { moveMoments } from '../../scripts/lib/screenshots/moment.ts'

const noon = Date.parse('2001-02-03T12:00:00.000Z')
const DAY_MS = 86_400_000

describe('npm run screenshots', () => {
  it('moves every moment of an answer by the time from the run to the picture', () => {
    const answer = '{"createdAt":"2001-02-01T08:30:00.000Z","name":"2001-02-01x"}'
    expect(moveMoments(answer, { fromMs: noon, toMs: noon + DAY_MS + 60_000 })).toBe(
      '{"createdAt":"2001-02-02T08:31:00.000Z","name":"2001-02-01x"}',
    )
  })

  it('moves days by whole days, so that the day of the run becomes that of the picture', () => {
    const justBeforeMidnight = Date.parse('2001-02-03T23:59:00.000Z')
    const justAfterMidnight = Date.parse('2001-03-01T00:01:00.000Z')
    expect(moveMoments('?from=2001-02-03', { fromMs: justBeforeMidnight, toMs: justAfterMidnight })).toBe(
      '?from=2001-03-01',
    )
  })
})
