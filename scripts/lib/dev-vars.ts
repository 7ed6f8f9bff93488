import { randomBytes } from 'node:crypto'
import { appendFile, chmod, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { projectRoot } from './wrangler.ts'

const devVarsPath = join(projectRoot, '.dev.vars')

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return ''
    throw error
  }
}

/** What a file such as `.dev.vars` sets; nothing when there is no such file. */
export async function readVarsFile(name: string): Promise<Record<string, string>> {
  const variables = parseEnv(await readText(join(projectRoot, name)))
  return Object.fromEntries(Object.entries(variables).map(([key, value]) => [key, value ?? '']))
}

/** Gives local work a secret of its own, once; every other line of the file stays as it is. */
export async function ensureAuthSecret(): Promise<void> {
  const text = await readText(devVarsPath)
  if (!parseEnv(text).AUTH_SECRET) {
    const separator = text === '' || text.endsWith('\n') ? '' : '\n'
    const line = `AUTH_SECRET=v1:${randomBytes(32).toString('base64url')}\n`
    await appendFile(devVarsPath, separator + line, { mode: 0o600 })
  }
  await chmod(devVarsPath, 0o600)
}
