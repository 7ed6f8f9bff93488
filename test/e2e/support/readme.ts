import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

const README = new URL('../../../README.md', import.meta.url)
const DOCUMENTED_ORIGIN = 'http://localhost:8787'

/** The tour registers this account, and the pages sign in with it. */
export const READER = { email: 'ada@example.com', password: 'correct horse battery staple' }

/** Reads the code block that follows a comment in the README, and replaces its origin by another one. */
export async function readmeBlock(comment: string, origin: string): Promise<string> {
  const readme = await readFile(README, 'utf8')
  const block = new RegExp(`<!-- ${comment} -->\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1]
  if (block === undefined) throw new Error(`no block after ${comment}`)
  return block.replaceAll(DOCUMENTED_ORIGIN, origin)
}

/** Runs the tour of the README with curl, unchanged, and answers what it printed. */
export async function runTour(origin: string): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-eu', '-c', await readmeBlock('tour', origin)])
  return stdout
}
