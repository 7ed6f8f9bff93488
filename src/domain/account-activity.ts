import type { AuditType, DetailsOf } from './audit-events.ts'

type NamesOf<Details> = string extends keyof Details ? never : keyof Details

/**
 * Which events of the audit trail the owner of an account is shown, with which of their details. An event that is null
 * is left out: it concerns no account, or means nothing to the person, or comes when nobody can look any more. The
 * compiler asks for a decision about every event. What an owner is never shown: why a login was refused, which tells a
 * thief of the session what to try next, what administrators note about them, and who an administrator is.
 */
const ACTIVITY = {
  'user.registered': ['provider'],
  'user.registration_repeated': [],
  'user.updated': ['changed', 'status'],
  'user.exported': [],
  'user.deletion_requested': ['deletesAt'],
  'user.deletion_stopped': [],
  'user.deleted': null,
  'user.note_changed': null,
  'user.expired': null,
  'users.imported': null,
  'email.verification_requested': [],
  'email.verified': [],
  'email.change_requested': [],
  'email.changed': [],
  'login.succeeded': ['methods', 'sessionId'],
  'login.failed': ['factor', 'provider'],
  'login.mfa_required': [],
  'login.code_requested': [],
  'login.throttled': ['factor'],
  'reauthentication.failed': ['factor'],
  'reauthentication.throttled': ['factor'],
  'step_up.code_requested': [],
  'step_up.succeeded': ['methods', 'sessionId'],
  'step_up.failed': ['factor'],
  'step_up.throttled': ['factor'],
  'session.refresh_reused': ['sessionId'],
  'session.ended': ['sessionId', 'all', 'allBut', 'replacedBy'],
  'password.reset_requested': [],
  'password.reset': [],
  'password.reset_required': [],
  'password.changed': [],
  'account.reverted': ['since'],
  'factors.removal_requested': ['removesAt'],
  'factors.removal_stopped': ['why'],
  'factors.removal_dropped': [],
  'factors.removed': [],
  'identity.linked': ['provider'],
  'identity.link_failed': ['provider'],
  'identity.unlinked': ['provider'],
  'factor.added': ['method', 'passkeyId'],
  'factor.removed': ['method', 'passkeyId'],
  'factor.recovery_code_used': [],
  'passkey.renamed': ['passkeyId'],
  'passkey.counter_reversed': ['passkeyId'],
  'authorization.refused': null,
  'role.granted': ['role'],
  'roles.assigned': ['roles', 'before'],
  'role.created': null,
  'role.changed': null,
  'role.deleted': null,
  'mail.failed': [],
  'mail.retried': [],
  'signing_key.rotated': null,
  'webhook.created': null,
  'webhook.changed': null,
  'webhook.deleted': null,
  'webhook.secret_replaced': null,
  'database.restored': null,
  'audit.checkpoint': null,
} as const satisfies { readonly [Type in AuditType]: readonly NamesOf<DetailsOf<Type>>[] | null }

export type ActivityType = {
  [Type in AuditType]: (typeof ACTIVITY)[Type] extends null ? never : Type
}[AuditType]

/** The types of event that the owner of an account is shown. */
export const ACTIVITY_TYPES = Object.entries(ACTIVITY)
  .filter(([, details]) => details !== null)
  .map(([type]) => type) as readonly ActivityType[]

/** The names of the details that the owner is shown of an event, or null where they are not shown the event. */
export const activityDetailsOf = (type: AuditType): readonly string[] | null => ACTIVITY[type]
