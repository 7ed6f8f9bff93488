import { join } from 'node:path'
import { unstable_readConfig } from 'wrangler'
import type * as FingerprintsModule from '../../src/crypto/secret-fingerprints.ts'
import type * as EnvModule from '../../src/env.ts'
import type { ConfigurationError } from '../../src/env.ts'
import type * as ConfigurationModule from '../../src/platform/configuration.ts'
import { readVarsFile } from './dev-vars.ts'
import { loadSource } from './source.ts'
import { projectRoot } from './wrangler.ts'

export const ENVIRONMENTS = ['development', 'production'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

/** The part of `wrangler.toml` that scripts use. */
interface Config {
  vars: Record<string, unknown>
  queues: { consumers?: { queue: string; dead_letter_queue?: string }[] }
  d1_databases: { database_name?: string }[]
  send_email: { name: string }[]
}

export function readConfig(environment: Environment): Config {
  return unstable_readConfig({ config: join(projectRoot, 'wrangler.toml'), env: environment })
}

/**
 * Reads the secrets of an environment from its file and from the shell. From the shell it takes only what is a secret,
 * because all other settings belong into `wrangler.toml`. Development's secrets are never used for production.
 */
export async function readSecrets(environment: Environment): Promise<Record<string, string>> {
  const { SECRET_VARIABLES } = await loadSource<typeof EnvModule>('env.ts')
  const file = await readVarsFile(environment === 'production' ? '.dev.vars.production' : '.dev.vars')
  const shell = SECRET_VARIABLES.flatMap((name) => {
    const value = process.env[name]
    return value === undefined || value === '' ? [] : [[name, value]]
  })
  return { ...file, ...Object.fromEntries(shell) }
}

export interface Problem {
  variable: string
  rule: string
}

/**
 * Gives what the Worker of an environment is given: its settings, its secrets, and by name the bindings that a setting
 * may need.
 */
export async function readVariables(environment: Environment): Promise<Record<string, unknown>> {
  const { vars, send_email } = readConfig(environment)
  const bindings = Object.fromEntries(send_email.map(({ name }) => [name, {}]))
  return { ...bindings, ...vars, ...(await readSecrets(environment)) }
}

/** Checks variables with the parser of the Worker itself. */
export async function checkVariables(variables: Record<string, unknown>): Promise<readonly Problem[]> {
  const { readConfiguration } = await loadSource<typeof ConfigurationModule>('platform/configuration.ts')
  try {
    readConfiguration(variables)
    return []
  } catch (error) {
    // The parser was bundled with a copy of the class of its errors, so `instanceof` cannot recognise them.
    if (error instanceof Error && error.name === 'ConfigurationError') return (error as ConfigurationError).problems
    throw error
  }
}

/** Checks all variables of an environment. */
export const checkEnvironment = async (environment: Environment): Promise<readonly Problem[]> =>
  await checkVariables({
    // `npm start` sets ISSUER to the address at which it serves.
    ...(environment === 'development' ? { ISSUER: 'http://localhost:8787' } : {}),
    ...(await readVariables(environment)),
  })

/** Answers the fingerprints of a list that was checked, as `v2=…,v1=…`. */
export async function describeAuthSecret(AUTH_SECRET: string): Promise<string> {
  const { describeSecrets } = await loadSource<typeof FingerprintsModule>('crypto/secret-fingerprints.ts')
  const { parseAuthSecret } = await loadSource<typeof EnvModule>('env.ts')
  return describeSecrets(parseAuthSecret(AUTH_SECRET))
}

export function printProblems(problems: readonly Problem[]): void {
  for (const { variable, rule } of problems) console.error(`  ${variable}: ${rule}`)
}
