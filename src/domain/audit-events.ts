import * as z from 'zod'

/**
 * Every type of event that the audit trail knows, with what its details say. `docs/audit-events.md` is made from this
 * list. Details name things by their ids and say which fields were changed, but not to what: no name of a person or a
 * device, no address and no secret stands in them. The code imports only the types, so the Worker has no schemas to
 * build.
 */
const event = <Shape extends z.ZodRawShape>(summary: string, details: Shape) => ({
  summary,
  details: z.strictObject(details),
})

const id = (whose: string) => z.string().describe(`The id of ${whose}.`)
const reason = () => z.string().describe('A fixed text, or the code of the refusal.')
const provider = () => z.string().describe('The id of the provider, as in the configuration.')
const factor = () => z.enum(['totp', 'recovery_code', 'email', 'passkey']).describe('The kind of the factor.')
const role = () => z.string().describe('The name of the role.')
const methods = () => z.array(z.string()).readonly().describe('What was shown (RFC 8176).')
const passkey = () => id('the passkey')
const webhook = () => id('the endpoint')
const host = () => z.string().describe('The host of the URL. Its path is left out, because it may be a secret.')
const eventTypes = () => z.array(z.string()).readonly().describe('The types of the events that are sent.')
const permissions = () => z.array(z.string()).readonly()

const failed = { reason: reason().optional(), factor: factor().optional(), provider: provider().optional() }
const throttled = {
  retryAfterSeconds: z.number().describe('How long further attempts are refused.'),
  factor: factor().optional(),
}

export const AUDIT_EVENTS = {
  'user.registered': event('Somebody made an account.', { provider: provider().optional() }),
  'user.registration_repeated': event('Somebody signed up with an address that has an account.', {}),
  'user.updated': event('A profile or a status was changed.', {
    changed: z.array(z.string()).readonly().describe('The names of the fields.'),
    status: z.enum(['active', 'deactivated']).optional().describe('The new status, where it was changed.'),
  }),
  'user.exported': event('Somebody was given everything that is stored about them.', {}),
  'user.deletion_requested': event('The owner of an account deleted it. It can be kept until it is due.', {
    deletesAt: z.string().describe('The time from which it is gone, unless the owner signs in before.'),
  }),
  'user.deletion_stopped': event('The owner signed in to an account that was to be deleted, and so kept it.', {}),
  'user.deleted': event('An account was deleted.', {}),
  'user.note_changed': event('An administrator noted something about a user.', {
    isRemoved: z.boolean().describe('Whether the note was removed.'),
  }),
  'user.expired': event('An account was deleted because nobody confirmed its address.', {}),
  'users.imported': event('An administrator imported accounts from another system, some hundred lines at a time.', {
    lines: z.number().describe('How many lines this event is about.'),
    imported: z.number().describe('How many accounts were made. Each has the time of this event as its `importedAt`.'),
    isDryRun: z.boolean().describe('Whether the administrator only asked what would be imported.'),
  }),
  'email.verification_requested': event('Somebody asked for the mail that confirms an address.', {}),
  'email.verified': event('The owner of an address confirmed it.', {}),
  'email.change_requested': event('Somebody asked for another address.', {}),
  'email.changed': event('An account got another address.', {}),
  'login.succeeded': event('Somebody signed in.', { methods: methods(), sessionId: id('the new session') }),
  'login.failed': event('A login was refused.', failed),
  'login.mfa_required': event('A password was right, and the login waits for a second factor.', {}),
  'login.code_requested': event('Somebody asked for a login code by mail.', {}),
  'login.throttled': event('Logins are refused for a while, because too many failed.', throttled),
  'reauthentication.failed': event('Somebody who is signed in gave a wrong password or code.', failed),
  'reauthentication.throttled': event('Such attempts are refused for a while.', throttled),
  'step_up.code_requested': event('Somebody who is signed in asked for a code by mail.', {}),
  'step_up.succeeded': event('Somebody who is signed in proved once more who they are.', {
    methods: methods(),
    sessionId: id('the session'),
  }),
  'step_up.failed': event('Such a proof was refused.', failed),
  'step_up.throttled': event('Such proofs are refused for a while.', throttled),
  'session.refresh_reused': event('A refresh token was used again, as a thief would; its session was ended.', {
    sessionId: id('the session'),
  }),
  'session.ended': event('A session, or several, were ended.', {
    sessionId: id('the session').optional(),
    client: z.string().optional().describe('The service that revoked a token of the session.'),
    replacedBy: id('the session that took its place').optional(),
    allBut: id('the only session that was kept').optional(),
    all: z.literal(true).optional().describe('All sessions of the user were ended.'),
    reason: reason().optional(),
  }),
  'password.reset_requested': event('Somebody asked for the mail that sets a new password.', {}),
  'password.reset': event('A password was set by a mailed link or code, or by the invitation of an administrator.', {}),
  'password.reset_required': event('A password has to be set anew before the next login.', { reason: reason() }),
  'password.changed': event('A password was changed.', {}),
  'account.reverted': event('The owner said that a change was not theirs, and it was undone.', {
    since: z.string().describe('The time of the change.'),
  }),
  'factors.removal_requested': event("An administrator asked to remove a user's factors.", {
    removesAt: z.string().describe('The time from which they are removed, unless the user stops it.'),
  }),
  'factors.removal_stopped': event('The user, or what the user did, stopped the removal.', {
    why: z.enum(['mail', 'strong login', 'not me']).describe('What stopped it.'),
  }),
  'factors.removal_dropped': event('The removal was not made, because it was no longer allowed.', {}),
  'factors.removed': event("A user's factors were removed.", {}),
  'identity.linked': event('A provider was linked to an account.', {
    provider: provider(),
    how: z.enum(['signed_in', 'address', 'claimed']).describe('How the account came to be known as theirs.'),
  }),
  'identity.link_failed': event('A provider was not linked.', failed),
  'identity.unlinked': event('A provider was unlinked.', { provider: provider() }),
  'factor.added': event('A factor was added.', { method: factor(), passkeyId: passkey().optional() }),
  'factor.removed': event('A factor was removed.', { method: factor(), passkeyId: passkey().optional() }),
  'factor.recovery_code_used': event('A recovery code was used.', {}),
  'passkey.renamed': event('A passkey got another name.', { passkeyId: passkey() }),
  'passkey.counter_reversed': event('The counter of a passkey went back, as that of a copy would.', {
    passkeyId: passkey(),
    counter: z.number().describe('The counter that the passkey showed.'),
  }),
  'authorization.refused': event('Somebody was refused what they may not do, for the first time in an hour.', {
    route: z.string().describe('The method and the path of the route, as the log names it.'),
    code: z.enum(['forbidden', 'permission_not_held']),
  }),
  'role.granted': event('The service gave a role to the first administrator, or to one whom the operator invited.', {
    role: role(),
    how: z
      .enum(['password_reset', 'email_verified', 'provider', 'operator'])
      .describe('How the address was proven; `operator` is an invitation by the command line.'),
  }),
  'roles.assigned': event('A user got other roles.', {
    roles: z.array(z.string()).readonly().describe('The roles from then on.'),
    before: z.array(z.string()).readonly().describe('The roles until then.'),
  }),
  'role.created': event('A role was made.', {
    name: role(),
    description: z.string(),
    permissions: permissions(),
    mfaRequired: z.boolean(),
  }),
  'role.changed': event('A role was changed.', {
    role: role(),
    name: z.string().optional().describe('The new name.'),
    description: z.string().optional(),
    permissions: permissions().optional(),
    mfaRequired: z.boolean().optional(),
  }),
  'role.deleted': event('A role was deleted.', { role: role() }),
  'mail.failed': event('A mail was given up.', {
    outboxId: id('the mail'),
    kind: z.string().describe('The kind of the mail.'),
    attempts: z.number(),
    reason: z.string().describe('A fixed text, with the code that the mail server answered.'),
  }),
  'mail.retried': event('An administrator had a mail sent again that was given up.', {
    outboxId: id('the mail that was given up'),
    newOutboxId: id('the mail that is sent in its place'),
  }),
  'signing_key.rotated': event('An administrator let the next key sign access tokens.', {
    kid: z.string().describe('The key that signs from then on.'),
  }),
  'webhook.created': event('An administrator had events sent to an endpoint.', {
    webhookId: webhook(),
    host: host(),
    events: eventTypes(),
  }),
  'webhook.changed': event('An administrator changed an endpoint.', {
    webhookId: webhook(),
    host: host().optional(),
    events: eventTypes().optional(),
    status: z.enum(['active', 'disabled']).optional(),
  }),
  'webhook.deleted': event('An administrator removed an endpoint.', { webhookId: webhook() }),
  'webhook.secret_replaced': event('An endpoint got a new secret.', { webhookId: webhook() }),
  'database.restored': event('An operator made the database safe after a restore.', {
    restoredTo: z.number().describe('The time that was restored, in milliseconds since the epoch.'),
    sessions: z.number(),
    oneTimeTokens: z.number(),
    loginExchanges: z.number(),
    signingKeys: z.number(),
  }),
  'audit.checkpoint': event('Once a day: what the chain of the trail is. Keep it outside of the database.', {
    checkpoint: z.string().describe('The number and the hash of the newest seal, with a dot between them.'),
    sequence: z.number().describe('The place of the last event that the seal has.'),
  }),
} as const

export type AuditType = keyof typeof AUDIT_EVENTS
export type DetailsOf<Type extends AuditType> = z.infer<(typeof AUDIT_EVENTS)[Type]['details']>

/** What happened: a type of event with its details, which may be left out where none has to be given. */
export type AuditFact = {
  [Type in AuditType]: { type: Type } & (Record<string, never> extends DetailsOf<Type>
    ? { details?: DetailsOf<Type> }
    : { details: DetailsOf<Type> })
}[AuditType]
