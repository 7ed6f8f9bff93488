import { PERMISSIONS, type Permission } from '../../src/domain/permissions.ts'
import { administrator, signedIn, verified } from './accounts.ts'
import { callWorker } from './call-worker.ts'
import { bearer } from './client.ts'
import { rows } from './database.ts'
import { givePasskey, letLoginGrowOld, openSessionOf, requireFactorOf, stronglySignedIn } from './second-factors.ts'
import { basic, SERVICE } from './services.ts'

/** Somebody who sends a request, by the headers that say so, and what of theirs a path may name. */
export interface Principal {
  headers: Record<string, string>
  own: Named | null
}

/** What the path of a request may name: an account, and a session and a passkey of it. */
export interface Named {
  userId: string
  sessionId: string
  passkeyId: string
}

const withToken = ({ tokens }: { tokens: { accessToken: string } }): Principal => ({
  headers: bearer(tokens.accessToken),
  own: null,
})

/** Makes an account that has a session and a passkey. */
export async function makeNamed(): Promise<Named> {
  const { id, session } = await signedIn()
  await givePasskey(id)
  return { userId: id, sessionId: session.id, passkeyId: id }
}

async function makeUser(): Promise<Principal> {
  const { id, tokens, session } = await stronglySignedIn()
  await givePasskey(id)
  return { ...withToken({ tokens }), own: { userId: id, sessionId: session.id, passkeyId: id } }
}

async function makeDeactivated(bindings: Env): Promise<Principal> {
  const [admin, person] = [await administrator(), await administrator()]
  const body = { status: 'deactivated' }
  const headers = bearer(admin.tokens.accessToken)
  const { status } = await callWorker(bindings, 'PATCH', `/users/${person.id}`, { body, headers })
  if (status !== 200) throw new Error(`deactivation: ${status}`)
  return withToken(person)
}

async function makeUnverified(): Promise<Principal> {
  const person = await signedIn()
  await rows('update users set email_verified_at = null where id = ?', person.id)
  return withToken(person)
}

async function makeWithoutFactor(): Promise<Principal> {
  const account = await verified()
  await rows("insert into user_roles (user_id, role) values (?, 'admin')", account.id)
  await requireFactorOf(account.id)
  return withToken(await openSessionOf(account, ['pwd']))
}

async function makeWithOldLogin(): Promise<Principal> {
  const admin = await administrator()
  await letLoginGrowOld(admin.session.id)
  return withToken(admin)
}

/** Every kind of principal that a route may meet, by the heading of its column. */
export const PRINCIPALS = {
  anonymous: async () => ({ headers: {}, own: null }),
  user: makeUser,
  'other user': async () => withToken(await signedIn()),
  admin: async () => withToken(await administrator()),
  deactivated: makeDeactivated,
  unverified: makeUnverified,
  'enrolment missing': makeWithoutFactor,
  'step-up missing': makeWithOldLogin,
  service: async () => ({ headers: { Authorization: basic(SERVICE.id, SERVICE.secret) }, own: null }),
} as const satisfies Record<string, (bindings: Env) => Promise<Principal>>

export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as Permission[]

/** Makes somebody who has a single permission. */
export const makeHolder = async (permission: Permission): Promise<Principal> =>
  withToken(await administrator([permission]))
