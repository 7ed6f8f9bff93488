import { max, ticks } from 'd3-array'
import { curveMonotoneX, line } from 'd3-shape'
import { useEffect, useRef, useState } from 'preact/hooks'
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

const HEIGHT_PX = 200
const MARGIN_PX = { top: 10, right: 12, bottom: 24, left: 44 }
/** The axis goes to this number at least, so that its steps are whole. */
const LEAST_MOST = 4
const DAY_LABEL_PX = 80

const day = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', timeZone: 'UTC' })
const showDay = (date: string) => day.format(new Date(date))

/** A chart of days, and the same as a table for whoever does not see it or wants the numbers. */
export function Chart({ days, series }: ChartProps) {
  return (
    <>
      <Drawing days={days} series={series} />
      <ul class="legend">
        {series.map(({ name }, index) => (
          <li key={name} class={`series-${index}`}>
            {name}
          </li>
        ))}
      </ul>
      <details>
        <summary>{text('table')}</summary>
        <Numbers days={days} series={series} />
      </details>
    </>
  )
}

/** The lines, as wide as their place is. A pointer on a day shows its numbers. */
function Drawing({ days, series }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const resize = new ResizeObserver(([entry]) => setWidth(entry?.contentRect.width ?? 0))
    if (place.current !== null) resize.observe(place.current)
    return () => resize.disconnect()
  }, [])
  const inner = width - MARGIN_PX.left - MARGIN_PX.right
  const most = Math.max(max(series, ({ values }) => max(values)) ?? 0, LEAST_MOST)
  const step = inner / Math.max(days.length - 1, 1)
  const x = (index: number) => MARGIN_PX.left + index * step
  const bottom = HEIGHT_PX - MARGIN_PX.bottom
  const y = (count: number) => bottom - (count / most) * (bottom - MARGIN_PX.top)
  const path = line<number>((_, index) => x(index), y).curve(curveMonotoneX)
  const every = Math.ceil(days.length / Math.max(Math.floor(inner / DAY_LABEL_PX), 1))
  return (
    <div class="chart" ref={place}>
      {inner > 0 && (
        <svg width={width} height={HEIGHT_PX} aria-hidden="true">
          {ticks(0, most, 4).map((count) => (
            <g key={count}>
              <line x1={MARGIN_PX.left} x2={width - MARGIN_PX.right} y1={y(count)} y2={y(count)} />
              <text x={MARGIN_PX.left - 8} y={y(count)} dy="0.35em" text-anchor="end">
                {showNumber(count)}
              </text>
            </g>
          ))}
          {days.map((date, index) =>
            (days.length - 1 - index) % every === 0 ? (
              <text
                key={date}
                x={x(index)}
                y={HEIGHT_PX - 6}
                text-anchor={index === days.length - 1 ? 'end' : 'middle'}
              >
                {showDay(date)}
              </text>
            ) : null,
          )}
          {series.map(({ name, values }, index) => (
            <path key={name} class={`series-${index}`} d={path(values) ?? ''} />
          ))}
          {days.map((date, index) => (
            <rect key={date} x={x(index) - step / 2} y={0} width={step} height={bottom}>
              <title>
                {[
                  showDay(date),
                  ...series.map(({ name, values }) => `${name}: ${showNumber(values[index] ?? 0)}`),
                ].join('\n')}
              </title>
            </rect>
          ))}
        </svg>
      )}
    </div>
  )
}

function Numbers({ days, series }: ChartProps) {
  return (
    <div class="scroll">
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
  )
}
