import { createRoute } from '@hono/zod-openapi'
import { AuditEvent, AuditQuery } from '../contracts/audit-events.ts'
import { listOf } from '../contracts/lists.ts'
import { requirePermission } from '../http/middleware/authorize.ts'
import { createRouter, jsonAnswer, refusals, SIGNED_IN } from '../http/router.ts'
import { readAuditEvents } from '../services/audit-events.ts'

const listRoute = createRoute({
  method: 'get',
  path: '/audit-events',
  tags: ['Administration'],
  security: SIGNED_IN,
  summary: 'The audit trail',
  description:
    'Needs the permission `audit:read`. Newest first; mails that were given up are of the type `mail.failed`.',
  middleware: [requirePermission('audit:read')] as const,
  request: { query: AuditQuery },
  responses: {
    200: jsonAnswer(listOf(AuditEvent), 'A page of events.'),
    ...refusals('invalid_request', 'ambiguous_credentials', 'unauthenticated', 'forbidden'),
  },
})

export const auditRoutes = createRouter().openapi(listRoute, async (c) =>
  c.json(await readAuditEvents(c.var.platform, c.req.valid('query')), 200),
)
