import { ImportLines, ImportQuery, ImportReport } from '../contracts/import.ts'
import { lines } from '../http/body.ts'
import { permission } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { importUsers } from '../services/import/import.ts'

const importRoute = route({
  method: 'post',
  path: '/users/import',
  tags: ['Administration'],
  summary: 'Import accounts from another system',
  description: `Needs the permission \`users:import\`, and for lines with roles \`roles:assign\` and every permission that
the roles give. The body has an \`ImportLine\` on each line; docs/import.md explains the members, the codes and how a
live system is moved. An address that has an account is skipped, so the same lines may be sent again. No mail is sent.
With \`dryRun=true\` only the report is made. A request takes 10,000 plain lines or more; where \`nextLine\` is not null,
send the lines from there on, after the header line again if there is one.`,
  limit: 'moderate',
  guard: permission('users:import', { isRecent: true }),
  query: ImportQuery,
  body: lines(ImportLines),
  answers: { 200: answer(ImportReport, 'What became of each line.') },
})

const NOTHING: AsyncIterable<Uint8Array> = { async *[Symbol.asyncIterator]() {} }

export const importRoutes = createRouter().openapi(importRoute, async (c) => {
  const { dryRun = false } = c.req.valid('query')
  const { body } = c.req.raw
  const report = await importUsers(c.get('platform'), c.get('caller').account, {
    body: body ?? NOTHING,
    isDryRun: dryRun,
  })
  return c.json(report, 200)
})
