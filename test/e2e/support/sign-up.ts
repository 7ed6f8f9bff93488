import { expect } from 'vitest'
import { withDatabase } from './mail-service.ts'
import { waitForMail } from './mailbox.ts'
import type { Service } from './service.ts'

/** Makes an account with a confirmed address, by the mail that was sent to it. */
export async function signUpAt(
  origin: string,
  password: string,
  { email = `${crypto.randomUUID()}@example.com` } = {},
): Promise<string> {
  const post = (path: string, body: object) =>
    fetch(origin + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await post('/auth/register', { email, password })).status).toBe(202)
  const { code } = await waitForMail(origin, email, '/verify-email')
  expect((await post('/auth/verify-email', { email, code })).status).toBe(200)
  return email
}

/** Lets every login be of an hour ago, because the service has a clock of its own. */
export function makeLoginsOld(service: Service): void {
  withDatabase(service, false, (database) =>
    database.exec(
      `update sessions set authenticated_at = authenticated_at - 3600000,
        strong_authenticated_at = strong_authenticated_at - 3600000`,
    ),
  )
}
