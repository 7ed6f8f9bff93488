/**
 * `npm run audit-events` writes docs/audit-events.md, which lists the events of the audit trail; with `--check` it only
 * says whether the committed page is current.
 */
import * as z from 'zod'
import { activityDetailsOf } from '../src/domain/account-activity.ts'
import { AUDIT_EVENTS, type AuditType } from '../src/domain/audit-events.ts'
import { writeOrCheck } from './lib/generated-file.ts'

const INTRODUCTION = `# The events of the audit trail

\`npm run audit-events\` makes this page from \`src/domain/audit-events.ts\`, by which the compiler checks every event that
the code records. \`GET /audit-events\` shows them to whoever holds \`audit:read\`, and \`GET /auth/me/activity\` shows those of
one account to its owner, as far as the last column says (\`src/domain/account-activity.ts\`).

Each event has an id, a type, a time, who acted (\`actorId\`), whom it concerns (\`userId\`), the address, the country and
the user agent of the request, and details. It is written in the same transaction as what it reports.
[How the trail is protected](decisions/0025-audit-chain.md).

| ASVS 5.0 | where it is recorded |
|---|---|
| 16.3.1 authentication, successful or not | \`login.*\`, \`reauthentication.*\`, \`step_up.*\`, \`session.*\`, with the factors in the details |
| 16.3.2 refused authorization | \`authorization.refused\`, once an hour for each account, route and code, so that nobody can fill the trail; the log has a line for each: its \`outcome\` is the code of the refusal, with the user |
| 16.3.3 attempts to get round a control | \`*.failed\`, \`*.throttled\`, \`session.refresh_reused\`, \`passkey.counter_reversed\`, \`identity.link_failed\`, \`account.reverted\`; refused input and rate limits are in the log |
| 16.3.4 errors and controls that fail | the log, at \`error\`; \`mail.failed\` and \`database.restored\` are in the trail too |

What concerns no account, such as a failed login with a name that nobody has, is only counted by day and type
(\`audit_counts\`).
`

interface Property {
  type?: string
  enum?: readonly string[]
  const?: unknown
  description?: string
}

function describeDetails(details: z.ZodType): string {
  const { properties = {}, required = [] } = z.toJSONSchema(details) as {
    properties?: Record<string, Property>
    required?: string[]
  }
  return Object.entries(properties)
    .map(([name, property]) => {
      const values = property.enum?.map((value) => `\`${value}\``).join(', ')
      const meaning = [property.description, values && `One of ${values}.`].filter(Boolean).join(' ')
      return `\`${name}\`${required.includes(name) ? '' : '?'}${meaning && `: ${meaning}`}`
    })
    .join('<br>')
}

/** Says whether the owner of an account is shown an event, and which of its details. */
function describeOwnersView(type: AuditType): string {
  const details = activityDetailsOf(type)
  return details === null ? '' : ['yes', ...details.map((name) => `\`${name}\``)].join(', ')
}

const rows = Object.entries(AUDIT_EVENTS).map(
  ([type, { summary, details }]) =>
    `| \`${type}\` | ${summary} | ${describeDetails(details)} | ${describeOwnersView(type as AuditType)} |`,
)
const HEADINGS = '| type | what happened | details (`?`: not always) | shown to the owner |'
const fresh = `${[INTRODUCTION, HEADINGS, '|---|---|---|---|', ...rows].join('\n')}\n`
await writeOrCheck({ path: 'docs/audit-events.md', fresh, script: 'audit-events' })
