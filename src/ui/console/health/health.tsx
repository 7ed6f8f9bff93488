import { type Answer, PosternError } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/operations/index.ts'
import { Page, Panel } from '../parts/page.tsx'
import { Badge, Facts, showBytes, showNumber } from '../parts/show.tsx'
import { type Column, Table } from '../parts/table.tsx'

type Readiness = Answer<'GET /health/ready'>
type Dependency = Readiness['dependencies'][string] & { name: string }

/** D1 lets a database grow to this size on a paid plan: https://developers.cloudflare.com/d1/platform/limits/ */
const DATABASE_MAX_BYTES = 10_000_000_000

const COLUMNS: readonly Column<Dependency>[] = [
  { title: text('health.dependency'), show: ({ name }) => name },
  {
    title: text('health.status'),
    show: ({ status }) => <Badge kind={status === 'ok' ? 'good' : 'bad'}>{text(`health.status.${status}`)}</Badge>,
  },
  { title: text('health.ms'), show: ({ ms }) => `${showNumber(ms)} ms` },
]

/** Whether everything that the service depends on answers, and how large its database is. */
export function HealthReport() {
  const health = useLoad(async (signal) => ({
    version: (await client.request('GET /health', { signal })).version,
    ...(await readReadiness(signal)),
  }))
  return (
    <Page
      title={text('health.title')}
      actions={
        <button class="small" type="button" onClick={health.again}>
          {text('health.again')}
        </button>
      }
    >
      <Loaded load={health} lines={8}>
        {({ version, status, dependencies }) => (
          <>
            <p role="status" class={status === 'ok' ? 'notice' : 'notice problem'}>
              {text(`health.all.${status}`)}
            </p>
            <div class="framed">
              <Table
                caption={text('health.title')}
                columns={COLUMNS}
                rows={Object.entries(dependencies).map(([name, state]) => ({ name, ...state }))}
                keyOf={({ name }) => name}
                empty=""
              />
            </div>
            <Sizes version={version} dependencies={dependencies} />
          </>
        )}
      </Loaded>
    </Page>
  )
}

function Sizes({ version, dependencies }: Pick<Readiness, 'dependencies'> & { version: string }) {
  const bytes = Object.values(dependencies).find((state) => state.bytes !== undefined)?.bytes
  return (
    <Panel title={text('health.sizes')}>
      <Facts
        facts={[
          [text('health.version'), version],
          ...(bytes === undefined
            ? []
            : [
                [
                  text('health.database'),
                  <span key="database">
                    {text('health.ofMost', { size: showBytes(bytes), most: showBytes(DATABASE_MAX_BYTES) })}
                    <meter
                      min={0}
                      max={DATABASE_MAX_BYTES}
                      high={DATABASE_MAX_BYTES * 0.8}
                      value={bytes}
                      aria-label={text('health.database')}
                    />
                  </span>,
                ] as const,
              ]),
        ]}
      />
    </Panel>
  )
}

/** A service that is not ready says so by a status of a failure, and in the same shape. */
async function readReadiness(signal: AbortSignal): Promise<Readiness> {
  try {
    return await client.request('GET /health/ready', { signal })
  } catch (error) {
    const members: Partial<Readiness> = error instanceof PosternError ? (error.members as object) : {}
    if (members.dependencies === undefined) throw error
    return { status: 'unavailable', dependencies: members.dependencies }
  }
}
