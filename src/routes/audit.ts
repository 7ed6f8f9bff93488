import { AuditEvent, AuditQuery } from '../contracts/audit.ts'
import { listOf } from '../contracts/lists.ts'
import { reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { readAuditEvents } from '../services/audit/reading.ts'

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

export const auditRoutes = createRouter().openapi(listRoute, async (c) =>
  c.json(await readAuditEvents(c.get('platform'), c.get('readAsCaller'), c.req.valid('query')), 200),
)
