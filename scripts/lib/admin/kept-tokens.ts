import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from '../wrangler.ts'

/** Git ignores this folder, and only its owner may read the file. */
const FOLDER = join(projectRoot, '.wrangler/admin')
const FILE = join(FOLDER, 'sessions.json')

type Kept = Record<string, string>

async function readKept(): Promise<Kept> {
  try {
    return JSON.parse(await readFile(FILE, 'utf8')) as Kept
  } catch {
    return {}
  }
}

/** Answers the refresh token of the operator's session at an origin. */
export const readRefreshToken = async (origin: string): Promise<string | null> => (await readKept())[origin] ?? null

/** Keeps the refresh token of an origin, or forgets it where it is null. The sessions at other origins stay. */
export async function keepRefreshToken(origin: string, refreshToken: string | null): Promise<void> {
  const { [origin]: _, ...others } = await readKept()
  const kept = refreshToken === null ? others : { ...others, [origin]: refreshToken }
  await mkdir(FOLDER, { recursive: true, mode: 0o700 })
  const scratch = `${FILE}.${process.pid}`
  await writeFile(scratch, JSON.stringify(kept), { mode: 0o600 })
  await rename(scratch, FILE)
}
