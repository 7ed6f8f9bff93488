import type { Answer } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { language } from '../../texts/language.ts'
import { text } from '../../texts/statistics/index.ts'
import { narrow } from '../parts/filters.tsx'
import { Choice } from '../parts/inputs.tsx'
import { Page, Panel } from '../parts/page.tsx'
import { showNumber } from '../parts/show.tsx'
import type { SectionProps } from '../section-props.ts'
import { Chart, type Series } from './chart.tsx'

type Stats = Answer<'GET /stats'>
type DayStats = Stats['days'][number]

const RANGES = ['7', '30', '90', '365'] as const
const DEFAULT_RANGE = '30'
const DAY_MS = 86_400_000

const CHARTS = {
  activity: [
    { name: text('series.logins'), of: ({ logins }) => logins },
    { name: text('series.activeUsers'), of: ({ activeUsers }) => activeUsers },
  ],
  trouble: [
    { name: text('series.failedLogins'), of: ({ failedLogins }) => failedLogins },
    { name: text('series.lockouts'), of: ({ lockouts }) => lockouts },
  ],
  growth: [{ name: text('series.signUps'), of: ({ signUps }) => signUps }],
  methods: [
    { name: text('series.password'), of: ({ loginsBy }) => loginsBy.password },
    { name: text('series.passkey'), of: ({ loginsBy }) => loginsBy.passkey },
    { name: text('series.provider'), of: ({ loginsBy }) => loginsBy.provider },
  ],
  factors: [
    { name: text('series.factorsAdded'), of: ({ factorsAdded }) => factorsAdded },
    { name: text('series.factorsRemoved'), of: ({ factorsRemoved }) => factorsRemoved },
  ],
  mails: [{ name: text('series.failedMails'), of: ({ failedMails }) => failedMails }],
} as const satisfies Record<string, readonly { name: string; of(day: DayStats): number }[]>

/** How the service is used: what there is, and what happened on each day. */
export function Statistics({ address }: SectionProps) {
  const range = RANGES.find((days) => days === address.get('days')) ?? DEFAULT_RANGE
  const stats = useLoad(
    (signal) => {
      const from = new Date(Date.now() - (Number(range) - 1) * DAY_MS).toISOString().slice(0, 10)
      return client.request('GET /stats', { query: { from }, signal })
    },
    [range],
  )
  return (
    <Page
      title={text('title')}
      lead={text('lead')}
      actions={
        <Choice
          label={text('range')}
          value={range}
          onChange={(days) => narrow(address, { days })}
          options={RANGES.map((days) => [days, text(`range.${days}`)] as const)}
        />
      }
    >
      <Loaded load={stats} lines={14}>
        {({ days, totals }) => (
          <>
            <Totals totals={totals} />
            <div class="panels">
              {Object.entries(CHARTS).map(([id, series]) => (
                <Panel key={id} title={text(`chart.${id as keyof typeof CHARTS}`)}>
                  <Chart days={days.map(({ date }) => date)} series={series.map((one) => toSeries(one, days))} />
                </Panel>
              ))}
            </div>
          </>
        )}
      </Loaded>
    </Page>
  )
}

const toSeries = ({ name, of }: { name: string; of(day: DayStats): number }, days: Stats['days']): Series => ({
  name,
  values: days.map(of),
})

const SHARES = ['verified', 'withFactor', 'withTotp', 'withPasskey', 'deactivated'] as const
const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 1 })

function Totals({ totals }: { totals: Stats['totals'] }) {
  return (
    <dl class="totals">
      <div>
        <dt>{text('total.users')}</dt>
        <dd>{showNumber(totals.users)}</dd>
      </div>
      {SHARES.map((name) => (
        <div key={name}>
          <dt>{text(`total.${name}`)}</dt>
          <dd>
            {showNumber(totals[name])}
            <span class="hint"> {percent.format(totals.users === 0 ? 0 : totals[name] / totals.users)}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}
