import { createHash, randomBytes } from 'node:crypto'
import { utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type * as InvitationModule from '../../../src/domain/invitation.ts'
import { writeVariable } from '../dev-vars.ts'
import { loadSource } from '../source.ts'
import { projectRoot, runWrangler } from '../wrangler.ts'
import type { Call, Command } from './command.ts'
import { Failure } from './failure.ts'

const VARIABLE = 'ADMIN_INVITATION'
const TTL_SECONDS = 3600

/**
 * Invites an admin by a secret of the Worker, because there is nobody yet whom the API would let do so. The secret
 * holds only the hash of the token, and each invitation replaces the one before it.
 */
async function createAdmin({ origin, words: [address = ''], isRemote, print }: Call): Promise<undefined> {
  const token = randomBytes(32).toString('base64url')
  const expiresAt = Math.floor(Date.now() / 1000) + TTL_SECONDS
  const invitation = `${address}.${expiresAt}.${createHash('sha256').update(token).digest('base64url')}`
  const { parseInvitation } = await loadSource<typeof InvitationModule>('domain/invitation.ts')
  const email = parseInvitation(invitation)?.email
  if (email === undefined) throw new Failure(`${address} is no e-mail address. Check how it is spelt.`)
  const link = `${origin}/accept-invitation#token=${token}`
  if (isRemote) await putSecret(invitation)
  else await setDevelopmentVariable(invitation)
  print(
    { email, link, expiresAt: new Date(expiresAt * 1000).toISOString() },
    `Whoever opens this link within the hour becomes an administrator with the address ${email}. It works once:\n${link}`,
  )
  return undefined
}

async function putSecret(invitation: string): Promise<void> {
  const { exitCode, output } = await runWrangler(['secret', 'put', VARIABLE, '--env', 'production'], invitation)
  if (exitCode !== 0)
    throw new Failure(
      `${output}\nThe invitation was not stored. Sign in with "npx wrangler login", deploy with "npm run deploy", then try again.`,
    )
}

async function setDevelopmentVariable(invitation: string): Promise<void> {
  await writeVariable('.dev.vars', { name: VARIABLE, value: invitation })
  // A running `npm start` reads its variables anew only when this file has changed.
  const now = new Date()
  await utimes(join(projectRoot, 'wrangler.toml'), now, now)
  console.error('A running "npm start" needs some seconds to take this over.')
}

export const createAdminCommand: Command = {
  name: 'create-admin',
  summary: 'Invite an administrator: prints a link that works once and for an hour.',
  takes: ['email'],
  run: createAdmin,
}
