import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { READER, runTour } from './support/readme.ts'
import { ROOT, type Service, startServiceIn } from './support/service.ts'

let service: Service

beforeAll(async () => {
  service = await startServiceIn(ROOT)
})
afterAll(() => service?.stop())

describe('README', () => {
  it('has a tour with curl that runs as written', async () => {
    const printed = await runTour(service.origin)
    const expected = [
      '{"status":"verification_sent"}',
      '{"status":"verified"}',
      `"email":"${READER.email}","emailVerified":true`,
      '"current":true',
      '"otpauthUri":"otpauth://totp/',
      '"tokenType":"Bearer"',
      // The ids before it begin with the time and may have these digits in them, but no end of a line.
      '204\n',
      '"code":"unauthenticated"',
    ]
    const positions = expected.map((part) => printed.indexOf(part))
    expect(positions).not.toContain(-1)
    expect(positions).toEqual([...positions].sort((a, b) => a - b))
  })
})
