import { callWorker } from './call-worker.ts'
import { bearer, type SignedIn } from './client.ts'
import { type CallCounts, countingEnv } from './counting-env.ts'

const COLUMNS: [heading: string, columns: (keyof Costs)[]][] = [
  ['D1 reads', ['d1Reads']],
  ['D1 writes', ['d1Writes']],
  ['D1 batches', ['d1Batches']],
  ['rows written', ['rowsWritten']],
  ['KV reads', ['kvReads']],
  ['KV writes', ['kvWrites']],
  ['object calls', ['objectCalls']],
  ['queue messages', ['mailSends']],
  ['R2', ['r2Reads', 'r2Writes']],
]

type Costs = CallCounts & { rowsWritten: number }

interface Asked {
  body?: unknown
  as?: Pick<SignedIn, 'tokens'>
  at?: string
  note?: string
  type?: string
}

/** Sends a request to a route and measures it. */
export type Ask = ReturnType<typeof createCostTable>['ask']

/** Measures what requests ask of the platform, and writes it as the rows of a table. */
export function createCostTable(overrides: Record<string, unknown>) {
  const { env, take, takeRowsWritten, statements } = countingEnv(overrides)
  const takeCosts = (): Costs => ({ ...take(), rowsWritten: takeRowsWritten() })
  const rows: string[] = []
  /** Sends one request, and adds a row. `note` tells it from other requests to the same route. */
  async function measure(route: string, request: () => Promise<Response>, note = ''): Promise<Response> {
    takeCosts()
    const response = await request()
    const costs = takeCosts()
    const cells = COLUMNS.map(([, columns]) => columns.reduce((total, column) => total + costs[column], 0) || '')
    const name = `\`${route}\`${note === '' ? '' : `, ${note}`}`
    rows.push(`| ${[name, response.status, ...cells].join(' | ')} |`)
    return response
  }
  return {
    env,
    rows,
    statements,
    measure,
    /**
     * Measures a request whose body is JSON, of the media type `type`. `at` is its path where that differs from the
     * route's.
     */
    async ask(route: string, { body, type, as, at, note }: Asked = {}): Promise<Response> {
      const [method = '', path = ''] = route.split(' ')
      const headers = {
        ...(as ? bearer(as.tokens.accessToken) : {}),
        ...(type === undefined ? {} : { 'Content-Type': type }),
      }
      const request = { ...(body === undefined ? {} : { body }), headers }
      return await measure(route, () => callWorker(env, method, at ?? path, request), note)
    },
    toMarkdown(): string {
      const headings = ['request', 'status', ...COLUMNS.map(([heading]) => heading)]
      return [`| ${headings.join(' | ')} |`, `|${headings.map(() => '---').join('|')}|`, ...rows].join('\n')
    },
  }
}
