import { Stats, StatsQuery } from '../contracts/stats.ts'
import { reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { readStats } from '../services/stats/stats.ts'

const statsRoute = route({
  method: 'get',
  path: '/stats',
  tags: ['Administration'],
  summary: 'How the service is used',
  description:
    'Needs the permission `stats:read`. The days are those of UTC, from that of `from` to that of `to`; without them, the last 30. Each event is counted within a few minutes.',
  guard: reader({ permission: 'stats:read' }),
  query: StatsQuery,
  answers: { 200: answer(Stats, 'A row for each day, and what there is in all.') },
})

export const statsRoutes = createRouter().openapi(statsRoute, async (c) =>
  c.json(await readStats(c.get('platform'), c.get('readAsCaller'), c.req.valid('query')), 200),
)
