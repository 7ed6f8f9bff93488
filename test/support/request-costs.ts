import { type CallCounts, countingEnv } from './counting-env.ts'

const COLUMNS: [heading: string, columns: (keyof CallCounts)[]][] = [
  ['D1 reads', ['d1Reads']],
  ['D1 writes', ['d1Writes']],
  ['D1 batches', ['d1Batches']],
  ['KV reads', ['kvReads']],
  ['KV writes', ['kvWrites']],
  ['object calls', ['objectCalls']],
  ['queue messages', ['mailSends']],
  ['R2', ['r2Reads', 'r2Writes']],
]

/** Measures what requests ask of the platform, and writes it as the rows of a table. */
export function createCostTable(overrides: Record<string, unknown>) {
  const { env, take } = countingEnv(overrides)
  const rows: string[] = []
  return {
    env,
    rows,
    /** Sends one request, and adds a row. `note` tells it from other requests to the same route. */
    async measure(route: string, request: () => Promise<Response>, note = ''): Promise<Response> {
      take()
      const response = await request()
      const counts = take()
      const cells = COLUMNS.map(([, columns]) => columns.reduce((total, column) => total + counts[column], 0) || '')
      const name = `\`${route}\`${note === '' ? '' : `, ${note}`}`
      rows.push(`| ${[name, response.status, ...cells].join(' | ')} |`)
      return response
    },
    toMarkdown(): string {
      const headings = ['request', 'status', ...COLUMNS.map(([heading]) => heading)]
      return [`| ${headings.join(' | ')} |`, `|${headings.map(() => '---').join('|')}|`, ...rows].join('\n')
    },
  }
}
