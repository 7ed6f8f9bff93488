import { env, exports } from 'cloudflare:workers'
import type { MailboxItem } from '../../src/durable-objects/dev-mailbox.ts'
import { noteSecrets } from './log-leaks.ts'
import { ORIGIN } from './origin.ts'

export { ORIGIN }
export const PASSWORD = 'correct horse battery staple'

/** Sends a request to the Worker as the network would. */
export async function send(
  method: string,
  path: string,
  init: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { body, headers } = init
  noteSecrets(body)
  return await exports.default.fetch(`${ORIGIN}${path}`, {
    method,
    redirect: 'manual',
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
}

export const get = (path: string, headers: Record<string, string> = {}) => send('GET', path, { headers })
export const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  send('POST', path, { body, headers })
export const bearer = (accessToken: string) => ({ Authorization: `Bearer ${accessToken}` })

let lastAccount = 0
/** Answers an address that no other account has. */
export function newEmail(): string {
  lastAccount += 1
  return `user${lastAccount}@example.com`
}

/** Waits for the newest mail to an address, through the outbox, the queue and the mailbox. */
export async function waitForMail(
  to: string,
  matching: (mail: MailboxItem) => boolean = () => true,
): Promise<MailboxItem> {
  for (let tries = 0; tries < 800; tries += 1) {
    const mail = (await env.DEV_MAILBOX.getByName('mailbox').list(to)).find(matching)
    if (mail) return mail
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`no such mail to ${to}`)
}

/** Reads the token from the link in the text part of a mail. */
export function tokenIn(mail: MailboxItem): string {
  const token = /#token=(\S+)/.exec(mail.text)?.[1]
  if (token === undefined) throw new Error('no token in the mail')
  return token
}

/** Reads the code from the text part of a mail. */
export function codeIn(mail: MailboxItem): string {
  const code = /^\d{8}$/m.exec(mail.text)?.[0]
  if (code === undefined) throw new Error('no code in the mail')
  return code
}

export interface SignedIn {
  user: { id: string; email: string; roles: string[] }
  session: { id: string; deviceToken: string }
  tokens: { accessToken: string; refreshToken: string; expiresIn: number; refreshExpiresIn: number }
}

/** Logs in and receives the tokens in the body. */
export async function logIn(
  identifier: string,
  password = PASSWORD,
  headers: Record<string, string> = {},
): Promise<SignedIn> {
  const response = await post('/auth/login', { identifier, password }, headers)
  if (response.status !== 200) throw new Error(`login: ${response.status} ${await response.text()}`)
  return await response.json()
}
