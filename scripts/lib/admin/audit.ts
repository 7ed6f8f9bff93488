import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { type Call, type Command, text } from './command.ts'
import { Failure } from './failure.ts'
import type { Session } from './session.ts'

/** What a step of the verification found. */
interface Step {
  intact: boolean
  rows: number
  firstBroken: { sequence: number; problem: string } | null
  nextCursor: string | null
}

const NDJSON = 'application/x-ndjson'
const FILTERS = {
  user: 'the id of the user whom the events concern',
  actor: 'the id of the user who caused them',
  type: 'a type of docs/audit-events.md',
  from: 'the first moment of the exported time, such as <YYYY-MM-DD>T00:00:00Z',
  to: 'the first moment after the exported time',
}

/** Verifies the audit trail step by step, until its end or the first event that is not as it was written. */
async function verifyTrail({ session, values, print }: Call): Promise<number> {
  const checkpoint = text(values, 'checkpoint')
  let rows = 0
  let cursor: string | undefined
  for (;;) {
    const response = await session.call('/audit-events/verification', { query: { checkpoint, cursor } })
    const step = (await response.json()) as Step
    rows += step.rows
    console.error(`${rows} events were checked.`)
    const { intact, firstBroken } = step
    if (!intact || step.nextCursor === null) {
      const place = firstBroken && `${firstBroken.problem} at number ${firstBroken.sequence}`
      print(
        { intact, rows, firstBroken },
        intact
          ? 'The audit trail is intact.'
          : `The audit trail is not as it was written: ${place}. Keep a copy of the database, then read docs/incidents.md.`,
      )
      return intact ? 0 : 1
    }
    cursor = step.nextCursor
  }
}

/** Prints the lines of one answer but the last one, and answers the cursor on that: the export goes on there. */
async function exportPart(session: Session, query: Record<string, string | undefined>): Promise<string | null> {
  const response = await session.call('/audit-events', { query, accept: NDJSON })
  let last: string | null = null
  const input = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0])
  for await (const line of createInterface({ input })) {
    if (last !== null && !process.stdout.write(`${last}\n`)) await once(process.stdout, 'drain')
    last = line
  }
  const end = JSON.parse(last ?? '{}') as { nextCursor?: string | null }
  if (end.nextCursor === undefined)
    throw new Failure('The export broke off, so what was printed is not all. Run the command again.')
  return end.nextCursor
}

async function exportTrail({ session, values }: Call): Promise<undefined> {
  const { user: userId, actor: actorId, type, from, to } = values as Record<string, string | undefined>
  let cursor: string | undefined
  do cursor = (await exportPart(session, { userId, actorId, type, from, to, cursor })) ?? undefined
  while (cursor !== undefined)
}

export const auditCommands: readonly Command[] = [
  {
    name: 'audit verify',
    summary: 'Check that the audit trail is as it was written. The exit code is 1 where it is not.',
    options: { checkpoint: { type: 'string' } },
    explains: { checkpoint: '<number>.<hash> of a checkpoint that was kept elsewhere' },
    permission: 'audit:read',
    run: verifyTrail,
  },
  {
    name: 'audit export',
    summary: 'Print the audit trail, newest first, as a line of JSON for each event.',
    options: Object.fromEntries(Object.keys(FILTERS).map((name) => [name, { type: 'string' }])),
    explains: FILTERS,
    permission: 'audit:read',
    run: exportTrail,
  },
]
