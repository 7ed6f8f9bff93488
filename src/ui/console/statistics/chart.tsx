import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { language } from '../../texts/language.ts'
import { text } from '../../texts/statistics/index.ts'
import { showNumber } from '../parts/show.tsx'

export interface Series {
  name: string
  values: readonly number[]
}

interface ChartProps {
  /** Days as `2026-01-31`. */
  days: readonly string[]
  series: readonly Series[]
}

const HEIGHT_PX = 220
/** Each series has a colour and a dash, because not everybody tells colours apart. */
const DASHES = [[], [6, 4], [2, 3]]
const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const showDay = (date: string) => day.format(new Date(date))

/** A chart of days, and the same as a table for whoever does not see it or wants the numbers. */
export function Chart({ days, series }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => (place.current === null ? undefined : draw(place.current, { days, series })), [days, series])
  return (
    <>
      <div class="chart" ref={place} aria-hidden="true" />
      <details>
        <summary>{text('table')}</summary>
        <div class="scroll" tabIndex={-1}>
          <table>
            <thead>
              <tr>
                <th scope="col">{text('date')}</th>
                {series.map(({ name }) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {days.map((date, index) => (
                <tr key={date}>
                  <td>{showDay(date)}</td>
                  {series.map(({ name, values }) => (
                    <td key={name}>{showNumber(values[index] ?? 0)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  )
}

/** Draws the chart in its place, as wide as that is and in the colours of the page. It answers what removes it. */
function draw(place: HTMLElement, { days, series }: ChartProps): () => void {
  const color = (name: string) => () => getComputedStyle(place).getPropertyValue(name)
  const axis = { stroke: color('--muted'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false } }
  const options: uPlot.Options = {
    width: place.clientWidth,
    height: HEIGHT_PX,
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, Math.max(most * 1.1, 4)] } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'UTC'),
    axes: [
      { ...axis, values: (_, seconds) => seconds.map((second) => day.format(new Date(second * 1000))), space: 70 },
      { ...axis, values: (_, counts) => counts.map((count) => (Number.isInteger(count) ? showNumber(count) : '')) },
    ],
    series: [
      { label: text('date'), value: (_, second) => (second == null ? '–' : day.format(new Date(second * 1000))) },
      ...series.map(({ name }, index) => ({
        label: name,
        stroke: color(`--series-${index}`),
        dash: DASHES[index] ?? [],
        width: 2,
        points: { show: days.length <= 31 },
        value: (_: uPlot, count: number | null) => (count == null ? '–' : showNumber(count)),
      })),
    ],
  }
  const moments = days.map((date) => Date.parse(date) / 1000)
  const chart = new uPlot(options, [moments, ...series.map(({ values }) => [...values])], place)
  const resize = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT_PX }))
  resize.observe(place)
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const repaint = () => chart.redraw(false, true)
  dark.addEventListener('change', repaint)
  return () => {
    dark.removeEventListener('change', repaint)
    resize.disconnect()
    chart.destroy()
  }
}
