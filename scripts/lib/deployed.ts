import { must, stop } from './steps.ts'
import { runWrangler } from './wrangler.ts'

/**
 * The plain variable in which `npm run deploy` leaves the fingerprints of `AUTH_SECRET`. It comes and goes with its
 * version of the Worker.
 */
export const FINGERPRINTS_VARIABLE = 'AUTH_SECRET_VERSIONS'

/** A version of the Worker that serves requests. */
export interface DeployedVersion {
  secretNames: readonly string[]
  /** Of `AUTH_SECRET`, as `describeSecrets` writes them; null where another command set the secret. */
  fingerprints: string | null
}

export interface Deployed {
  /** None before the first deployment; more than one during a gradual one. */
  versions: readonly DeployedVersion[]
  /** A newer upload serves nobody: wrangler would take secrets from it that are not in use. */
  isRolledBack: boolean
}

interface VersionDetails {
  resources: { bindings: { type: string; name: string; text?: string }[] }
}

const ENVIRONMENT = ['--env', 'production']

function parseJson<Value>(output: string): Value {
  return JSON.parse(output.slice(output.search(/[[{]/), output.search(/[\]}][^\]}]*$/) + 1)) as Value
}

/**
 * What production runs now, as Cloudflare tells any machine. A failure to find out is never taken for an empty account.
 */
export async function readDeployed(): Promise<Deployed> {
  console.log('· ask what is deployed')
  const { exitCode, output } = await runWrangler(['deployments', 'status', ...ENVIRONMENT, '--json'])
  if (exitCode !== 0) {
    if (/\[code: 10007\]|has no deployments/.test(output)) return { versions: [], isRolledBack: false }
    stop(`${output}\nNobody knows what is deployed, so nothing was changed.`)
  }
  const ids = parseJson<{ versions: { version_id: string }[] }>(output).versions.map(({ version_id }) => version_id)
  const uploads = parseJson<{ id: string }[]>(
    await must('list the uploads, oldest first', ['versions', 'list', ...ENVIRONMENT, '--json']),
  )
  const newest = uploads.at(-1)
  const versions: DeployedVersion[] = []
  for (const id of ids)
    versions.push(
      describeVersion(parseJson(await must(`look at ${id}`, ['versions', 'view', id, ...ENVIRONMENT, '--json']))),
    )
  return { versions, isRolledBack: newest !== undefined && !ids.includes(newest.id) }
}

function describeVersion({ resources: { bindings } }: VersionDetails): DeployedVersion {
  return {
    secretNames: bindings.filter(({ type }) => type === 'secret_text').map(({ name }) => name),
    fingerprints:
      bindings.find(({ type, name }) => type === 'plain_text' && name === FINGERPRINTS_VARIABLE)?.text ?? null,
  }
}
