import type { ComponentChildren } from 'preact'
import { text } from '../../texts/console/index.ts'
import { language } from '../../texts/language.ts'

const moment = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' })
const days = new Intl.DateTimeFormat(language, { dateStyle: 'medium' })
const exact = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'long' })
const numbers = new Intl.NumberFormat(language)
const sizeIn = (unit: 'kilobyte' | 'megabyte') =>
  new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 1 })
const [kilobytes, megabytes] = [sizeIn('kilobyte'), sizeIn('megabyte')]

export function Time({ at, hasDayOnly = false }: { at: string | null; hasDayOnly?: boolean }) {
  if (at === null) return <span class="muted">{text('never')}</span>
  const date = new Date(at)
  return (
    <time dateTime={at} title={exact.format(date)}>
      {(hasDayOnly ? days : moment).format(date)}
    </time>
  )
}

export const showNumber = (count: number): string => numbers.format(count)

export const showBytes = (bytes: number): string =>
  bytes < 1_000_000 ? kilobytes.format(bytes / 1000) : megabytes.format(bytes / 1_000_000)

export function Badge({ kind = 'plain', children }: { kind?: 'plain' | 'good' | 'bad'; children: ComponentChildren }) {
  return <span class={`badge ${kind}`}>{children}</span>
}

/** Names and values, one below the other. */
export function Facts({ facts }: { facts: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
