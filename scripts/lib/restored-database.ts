/** What makes a database safe again that Time Travel has put back (docs/operations.md, "Back up and restore"). */

/** An event of the audit trail that the restore has lost. */
export interface LostEvent {
  type: string
  user_id: string | null
}

const PASSWORD_EVENTS = ['password.changed', 'password.reset']
const ID = /^[0-9a-f-]{36}$/
/** The clocks of Workers may be ahead of the database's. */
const CLOCK_MARGIN_MS = 60_000
/** D1 takes statements of 100 KB. */
const IDS_PER_STATEMENT = 1000

const NOW = "cast(unixepoch('subsec') * 1000 as integer)"
/** RFC 9562 §5.4, made by the database: the trail pages by time and id. */
const NEW_ID = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
  || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`

/** Records one event for each row of `source`, as an act of the system. */
const audit = (type: string, { userId, details, source }: { userId: string; details: string; source: string }) =>
  `insert into audit_events (id, type, at, actor_id, user_id, details)
    select ${NEW_ID}, '${type}', ${NOW}, 'system', ${userId}, ${details} ${source}`

/** The accounts whose password changed in the time that was lost. */
export function accountsWithLostPassword(trail: readonly LostEvent[]): string[] {
  const ids = trail.flatMap(({ type, user_id: id }) => (PASSWORD_EVENTS.includes(type) && id !== null ? [id] : []))
  const unknown = ids.find((id) => !ID.test(id))
  if (unknown !== undefined) throw new TypeError('a user_id of the trail is no id')
  return [...new Set(ids)]
}

/**
 * The statements, in order. Only what was there at `restoredToMs` is touched, so nobody who signed in or chose a
 * password since notices when they are run again, or from the middle. `lostPasswords` are the accounts whose password
 * is an old one again; `all` where nobody knows which.
 */
export function safeguardStatements(restoredToMs: number, lostPasswords: readonly string[] | 'all'): string[] {
  const cutoff = restoredToMs + CLOCK_MARGIN_MS
  const restored = `created_at <= ${cutoff}`
  const count = (table: string) => `(select count(*) from ${table} where ${restored})`
  const flags = inParts(lostPasswords).flatMap((whose) => {
    const flagged = `password_hash is not null and password_reset_required_at is null
      and coalesce(password_changed_at, 0) <= ${cutoff} and ${whose}`
    const details = `json_object('reason', 'database restored')`
    return [
      audit('password.reset_required', { userId: 'id', details, source: `from users where ${flagged}` }),
      `update users set password_reset_required_at = ${NOW} where ${flagged}`,
    ]
  })
  return [
    audit('database.restored', {
      userId: 'null',
      details: `json_object('restoredTo', ${restoredToMs}, 'sessions', ${count('sessions')},
        'oneTimeTokens', ${count('one_time_tokens')}, 'loginExchanges', ${count('login_exchanges')},
        'signingKeys', ${count('signing_keys')})`,
      source: '',
    }),
    audit('session.ended', {
      userId: 'user_id',
      details: `json_object('reason', 'database restored')`,
      source: `from (select distinct user_id from sessions where ${restored})`,
    }),
    ...flags,
    `delete from grants where session_id in (select id from sessions where ${restored})`,
    `delete from sessions where ${restored}`,
    `delete from one_time_tokens where ${restored}`,
    `delete from login_exchanges where ${restored}`,
    `update outbox set state = 'dropped', last_error = 'database restored' where state = 'pending' and ${restored}`,
    `delete from signing_keys where ${restored}`,
  ]
}

function inParts(ids: readonly string[] | 'all'): string[] {
  if (ids === 'all') return ['true']
  const parts: string[] = []
  for (let start = 0; start < ids.length; start += IDS_PER_STATEMENT)
    parts.push(
      `id in (${ids
        .slice(start, start + IDS_PER_STATEMENT)
        .map((id) => `'${id}'`)
        .join(', ')})`,
    )
  return parts
}
