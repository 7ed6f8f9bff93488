import { join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import type * as EnvModule from '../../src/env.ts'
import { readVarsFile } from './dev-vars.ts'
import { loadSource } from './source.ts'
import { projectRoot } from './wrangler.ts'

export const ENVIRONMENTS = ['development', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

/** What stands in a shell as a secret goes to the Worker as one; all other settings belong into `wrangler.toml`. */
const SECRET_NAMES = [
  'AUTH_SECRET',
  'SMTP_URL',
  'RESEND_API_KEY',
  'GOOGLE_CLIENT_SECRET',
  'GITHUB_CLIENT_SECRET',
  'LINKEDIN_CLIENT_SECRET',
  'MICROSOFT_CLIENT_SECRET',
  'OIDC_PROVIDERS',
  'SERVICE_CLIENTS',
  'ALERT_WEBHOOK_SECRET',
] as const

/** The part of `wrangler.toml` that scripts act on. */
interface Config {
  vars: Record<string, unknown>
  queues: { consumers?: { queue: string; dead_letter_queue?: string }[] }
  d1_databases: { database_name?: string }[]
}

export function readConfig(environment: Environment): Config {
  return unstable_readConfig({ config: join(projectRoot, 'wrangler.toml'), env: environment })
}

/** What a file of secrets and the shell hold for an environment. Development's secrets never serve production. */
export async function readSecrets(environment: Environment): Promise<Record<string, string>> {
  const file = await readVarsFile(environment === 'production' ? '.dev.vars.production' : '.dev.vars')
  const shell = SECRET_NAMES.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  })
  return { ...file, ...Object.fromEntries(shell) }
}

export interface Problem {
  variable: string
  rule: string
}

/** Checks variables by the rules of the Worker itself. */
export async function checkVariables(variables: Record<string, unknown>): Promise<readonly Problem[]> {
  const { parseSettings, ConfigurationError } = await loadSource<typeof EnvModule>('env.ts')
  try {
    parseSettings(variables)
    return []
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

export function printProblems(problems: readonly Problem[]): void {
  for (const { variable, rule } of problems) console.error(`  ${variable}: ${rule}`)
}
