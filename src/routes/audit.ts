import { AuditEvent, AuditLines, AuditQuery, AuditVerification, AuditVerificationQuery } from '../contracts/audit.ts'
import { listOf } from '../contracts/lists.ts'
import { reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { exportAuditEvents, readAuditEvents } from '../services/audit/reading.ts'
import { verifyAuditTrail } from '../services/audit/verification.ts'

const NDJSON = 'application/x-ndjson'

const listRoute = route({
  method: 'get',
  path: '/audit-events',
  tags: ['Administration'],
  summary: 'The audit trail',
  description:
    'Needs the permission `audit:read`. Newest first; docs/audit-events.md lists the types. With `Accept: application/x-ndjson` the answer is an export: a line of JSON for each event from `cursor` on, whatever `limit` says, and a last line `{ "nextCursor" }`, whose cursor asks for what is left.',
  guard: reader({ permission: 'audit:read' }),
  query: AuditQuery,
  answers: {
    200: {
      description: 'A page of events.',
      content: {
        ...answer(listOf(AuditEvent), '').content,
        [NDJSON]: { schema: AuditLines },
      },
    },
  },
})

const verificationRoute = route({
  method: 'get',
  path: '/audit-events/verification',
  tags: ['Administration'],
  summary: 'Whether the audit trail is as it was written',
  description: `Needs the permission \`audit:read\`. Checks, in steps of some thousand events, whether an event was
changed, removed, added or put elsewhere since it was sealed, which happens within a minute or two. Ask again with
\`nextCursor\` until it is null. With a \`checkpoint\` that was kept elsewhere, the last step also finds a trail whose
end was cut off or written anew.`,
  guard: reader({ permission: 'audit:read' }),
  query: AuditVerificationQuery,
  answers: {
    200: answer(AuditVerification, 'What this step found.'),
  },
})

/** Answers with lines of JSON. The typed client asks for none, so the type of the answer does not name them. */
const toExport = (lines: ReadableStream) => new Response(lines, { headers: { 'Content-Type': NDJSON } }) as never

export const auditRoutes = createRouter()
  .openapi(listRoute, async (c) => {
    const asked = [c.get('platform'), c.get('readAsCaller'), c.req.valid('query')] as const
    if (c.req.header('Accept')?.includes(NDJSON)) return toExport(await exportAuditEvents(...asked))
    return c.json(await readAuditEvents(...asked), 200)
  })
  .openapi(verificationRoute, async (c) =>
    c.json(await verifyAuditTrail(c.get('platform'), c.get('readAsCaller'), c.req.valid('query')), 200),
  )
