/** Makes a database safe that was restored by Time Travel (docs/operations.md, "Back up and restore"). */

/** An event of the audit trail that the restore has lost. */
export interface LostEvent {
  type: string
  user_id: string | null
}

const PASSWORD_EVENTS = ['password.changed', 'password.reset']
const ID = /^[0-9a-f-]{36}$/
/** The clocks of Workers may be ahead of the clock of the database by this many milliseconds. */
const CLOCK_MARGIN_MS = 60_000
/** Makes a rights version, as the schema does. */
const NEW_RIGHTS_VERSION = '(random() & 4503599627370495)'
/** A statement of D1 has 100 KB at most, so long lists of ids are split. */
const IDS_PER_STATEMENT = 1000

const NOW = "cast(unixepoch('subsec') * 1000 as integer)"
/** Makes an id in the form of RFC 9562 §5.4 within the database; the trail pages by time and id. */
const NEW_ID = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2)
  || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`

/** Answers a statement that records one event for each row of `source`, with the system as its actor. */
const audit = (type: string, { userId, details, source }: { userId: string; details: string; source: string }) =>
  `insert into audit_events (id, type, at, actor_id, user_id, details)
    select ${NEW_ID}, '${type}', ${NOW}, 'system', ${userId}, ${details} ${source}`

/** Answers the accounts whose password was changed in the time that was lost. */
export function accountsWithLostPassword(trail: readonly LostEvent[]): string[] {
  const ids = trail.flatMap(({ type, user_id: id }) => (PASSWORD_EVENTS.includes(type) && id !== null ? [id] : []))
  const unknown = ids.find((id) => !ID.test(id))
  if (unknown !== undefined)
    throw new TypeError(
      'The saved trail has a user_id that is not an id. Save the trail again as docs/operations.md says.',
    )
  return [...new Set(ids)]
}

/**
 * Answers the statements in their order. They change only what was there at `restoredToMs`, so that they can be run
 * again, or from the middle, without an effect on anybody who signed in or chose a password since. `lostPasswords`
 * names the accounts whose password is an old one again, or `all` where nobody knows which.
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
    `delete from trusted_devices where ${restored}`,
    `delete from one_time_tokens where ${restored}`,
    `delete from login_exchanges where ${restored}`,
    `update outbox set state = 'dropped', last_error = 'database restored' where state = 'pending' and ${restored}`,
    `delete from signing_keys where ${restored}`,
    // The blocklist may know the restored versions as former ones, and would refuse the tokens that are made from them.
    `update users set rights_version = ${NEW_RIGHTS_VERSION} where ${restored}`,
    `update roles set rights_version = ${NEW_RIGHTS_VERSION}`,
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
