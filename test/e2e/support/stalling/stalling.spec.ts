import { existsSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'

it('blocks its thread for ever, but not a second time where it has a marker', () => {
  const marker = process.env.STALL_MARKER ?? ''
  const isSecondTime = marker !== '' && existsSync(marker)
  if (marker !== '') writeFileSync(marker, '')
  if (!isSecondTime) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  expect(isSecondTime).toBe(true)
})
