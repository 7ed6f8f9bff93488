import { type DeployedVersion, parseJson } from './deployed.ts'
import { must } from './steps.ts'

const versionsIn = (fingerprints: string | null) =>
  (fingerprints ?? '').split(',').map((part) => part.split('=')[0] ?? '')

/** The tables of secrets that are sealed under every version of `AUTH_SECRET`: those of apps, and those of webhooks. */
const SEALED_TABLES = ['totp_secrets', 'webhook_secrets']

/**
 * Counts the secrets of authenticator apps and of webhooks that would stop working, because a version of `AUTH_SECRET`
 * is dropped before the daily cron has sealed them under one that stays (docs/operations.md, "Rotate"). Both lists are
 * given as `describeSecrets` writes them.
 */
export async function countLostSeals(wanted: string, deployed: readonly DeployedVersion[]): Promise<number> {
  const kept = versionsIn(wanted)
  const dropped = deployed
    .flatMap(({ fingerprints }) => versionsIn(fingerprints))
    .filter((name) => !kept.includes(name))
  if (dropped.every((name) => name === '')) return 0
  const whenSealedFor = (names: readonly string[]) =>
    names.map((name) => `instr(',' || sealed_for || ',', ',${name},') > 0`).join(' or ')
  const whenLost = `(${whenSealedFor(dropped)}) and not (${whenSealedFor(kept)})`
  const counts = SEALED_TABLES.map((table) => `(select count(*) from ${table} where ${whenLost})`)
  const sql = `select ${counts.join(' + ')} as lost`
  const output = await must('look for secrets that need the dropped version', [
    ...['d1', 'execute', 'DB', '--remote', '--env', 'production', '--yes', '--json', '--command', sql],
  ])
  return parseJson<{ results: { lost: number }[] }[]>(output)[0]?.results[0]?.lost ?? 0
}
