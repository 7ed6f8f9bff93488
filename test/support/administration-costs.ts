import { administrator, signedIn } from './accounts.ts'
import { newEmail } from './client.ts'
import { rows } from './database.ts'
import { putMail } from './outbox.ts'
import type { Ask } from './request-costs.ts'
import { putDelivery } from './webhooks.ts'

/** Measures every route of the administration of roles and users. */
export async function measureAdministration(ask: Ask): Promise<void> {
  const admin = await administrator()
  await measureRoles(ask, admin)
  await measureUsers(ask, admin)
  await measureSigningKeys(ask, admin)
  await measureWebhooks(ask, admin)
  await ask('GET /stats', { as: admin })
}

type Person = Awaited<ReturnType<typeof administrator>>

async function measureRoles(ask: Ask, as: Person): Promise<void> {
  await ask('GET /permissions', { as })
  await ask('GET /roles', { as })
  const name = `measured-${crypto.randomUUID().slice(0, 8)}`
  await ask('POST /roles', { as, body: { name, description: 'Made for a test.', permissions: ['users:read'] } })
  await ask('PATCH /roles/{name}', { as, at: `/roles/${name}`, body: { permissions: [] } })
  await ask('DELETE /roles/{name}', { as, at: `/roles/${name}` })
}

async function measureUsers(ask: Ask, as: Person): Promise<void> {
  const user = await signedIn()
  const at = `/users/${user.id}`
  await ask('GET /users', { as })
  await ask('GET /users/{id}', { as, at })
  const type = 'application/x-ndjson'
  await ask('POST /users/import', { as, type, body: { email: newEmail() }, note: 'up to 500 lines' })
  await ask('PATCH /users/{id}', { as, at, body: { name: 'Ada' }, note: 'a new name' })
  await ask('PUT /users/{id}/roles', { as, at: `${at}/roles`, body: { roles: ['admin'] } })
  await ask('GET /users/{id}/sessions', { as, at: `${at}/sessions` })
  await ask('DELETE /users/{id}/sessions', { as, at: `${at}/sessions`, note: 'with one session' })
  await ask('POST /users/{id}/mails', { as, at: `${at}/mails`, body: { kind: 'password_reset' } })
  await ask('POST /users/{id}/password-reset', { as, at: `${at}/password-reset`, note: 'without a session' })
  const failed = await putMail({ state: 'failed', user_id: user.id })
  await ask('POST /mails/{id}/retry', { as, at: `/mails/${failed}/retry` })
  await ask('PUT /users/{id}/note', { as, at: `${at}/note`, body: { note: 'Called on Monday.' } })
  await ask('GET /users/{id}/note', { as, at: `${at}/note` })
  await ask('PATCH /users/{id}', { as, at, body: { status: 'deactivated' }, note: 'a deactivation' })
  await ask('DELETE /users/{id}', { as, at })
}

async function measureSigningKeys(ask: Ask, as: Person): Promise<void> {
  await ask('GET /signing-keys', { as })
  await rows('update signing_keys set created_at = 0')
  await ask('POST /signing-keys/rotation', { as })
}

async function measureWebhooks(ask: Ask, as: Person): Promise<void> {
  const body = { url: 'https://hooks.example.com/postern', events: ['login.failed'] }
  const { id } = (await (await ask('POST /webhooks', { as, body })).json()) as { id: string }
  const at = `/webhooks/${id}`
  await ask('GET /webhooks', { as })
  await ask('PATCH /webhooks/{id}', { as, at, body: { status: 'disabled' } })
  await ask('POST /webhooks/{id}/secret', { as, at: `${at}/secret` })
  await ask('GET /webhooks/{id}/deliveries', { as, at: `${at}/deliveries`, note: 'without any' })
  await putDelivery(id, Date.now())
  await ask('GET /webhooks/{id}/deliveries', { as, at: `${at}/deliveries`, note: 'with some' })
  await ask('DELETE /webhooks/{id}', { as, at })
}
