import { AuditEvent, AuditQuery, AuditVerification, AuditVerificationQuery } from '../contracts/audit.ts'
import { listOf } from '../contracts/lists.ts'
import { reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { readAuditEvents } from '../services/audit/reading.ts'
import { verifyAuditTrail } from '../services/audit/verification.ts'

const listRoute = route({
  method: 'get',
  path: '/audit-events',
  tags: ['Administration'],
  summary: 'The audit trail',
  description:
    'Needs the permission `audit:read`. Newest first; mails that were given up are of the type `mail.failed`.',
  guard: reader({ permission: 'audit:read' }),
  query: AuditQuery,
  answers: {
    200: answer(listOf(AuditEvent), 'A page of events.'),
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

export const auditRoutes = createRouter()
  .openapi(listRoute, async (c) =>
    c.json(await readAuditEvents(c.get('platform'), c.get('readAsCaller'), c.req.valid('query')), 200),
  )
  .openapi(verificationRoute, async (c) =>
    c.json(await verifyAuditTrail(c.get('platform'), c.get('readAsCaller'), c.req.valid('query')), 200),
  )
