import Bowser from 'bowser'
import type { Client } from '../platform/client.ts'

/** What a notice tells a person of where something was done from. Times are ISO 8601 UTC. */
export function loginFacts(client: Client, nowMs: number): Record<string, string> {
  const location = [client.city, client.country].filter((part) => part !== null).join(', ')
  return {
    time: new Date(nowMs).toISOString(),
    device: describeDevice(client.userAgent),
    ...(location === '' ? {} : { location }),
  }
}

/** A readable name for a device, e.g. `Firefox on Windows`; of a program that is no browser, its own name. */
export function describeDevice(userAgent: string | null): string {
  if (userAgent === null || userAgent === '') return 'Unknown device'
  const { browser, os } = Bowser.parse(userAgent)
  const program = browser.name || (userAgent.split(/[/\s]/)[0] ?? '').replace(/[^\w.-]/g, '').slice(0, 40)
  return [program || 'Unknown device', os.name].filter((part) => part !== undefined && part !== '').join(' on ')
}
