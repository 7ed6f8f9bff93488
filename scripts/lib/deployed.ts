import { must, stop } from './steps.ts'
import { runWrangler } from './wrangler.ts'

/**
 * `npm run deploy` writes the fingerprints of `AUTH_SECRET` to this plain variable, which belongs to one version of the
 * Worker as the secret does.
 */
export const FINGERPRINTS_VARIABLE = 'AUTH_SECRET_VERSIONS'

/** A version of the Worker that serves requests. */
export interface DeployedVersion {
  secretNames: readonly string[]
  /** The fingerprints of `AUTH_SECRET` as `describeSecrets` writes them; null where another command set the secret. */
  fingerprints: string | null
}

export interface Deployed {
  /**
   * The versions that serve requests. The list is empty before the first deployment, and has several entries during a
   * gradual one.
   */
  versions: readonly DeployedVersion[]
  /**
   * It is true where the newest upload is not in use. Wrangler would then inherit secrets that production does not use.
   */
  isRolledBack: boolean
}

interface VersionDetails {
  resources: { bindings: { type: string; name: string; text?: string }[] }
}

const ENVIRONMENT = ['--env', 'production']

/** Reads the JSON in what wrangler prints, which may have other lines around it. */
export function parseJson<Value>(output: string): Value {
  return JSON.parse(output.slice(output.search(/[[{]/), output.search(/[\]}][^\]}]*$/) + 1)) as Value
}

/**
 * Asks Cloudflare what production runs now. A failure to find out is never treated as an account without a deployment.
 */
export async function readDeployed(): Promise<Deployed> {
  console.log('· ask what is deployed')
  const { exitCode, output } = await runWrangler(['deployments', 'status', ...ENVIRONMENT, '--json'])
  if (exitCode !== 0) {
    if (/\[code: 10007\]|has no deployments/.test(output)) return { versions: [], isRolledBack: false }
    stop(`${output}\nNobody knows what is deployed, so nothing was changed. Run the command again.`)
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
