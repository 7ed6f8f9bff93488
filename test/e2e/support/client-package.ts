import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

export interface ClientPackage {
  /** The names of its files. */
  files: string[]
  bytes: number
  manifest: { dependencies?: object; exports: object }
  /** Makes a project beside the repository of one of the examples, with this package and others of this machine. */
  installInto(example: string, ...others: string[]): Promise<Project>
  remove(): Promise<void>
}

export interface Project {
  folder: string
  /** Runs a program of an installed package. */
  run(program: string, args?: string[], variables?: Record<string, string>): Promise<string>
}

/** Packs the client as `npm publish` would, and unpacks it. */
export async function packClient(): Promise<ClientPackage> {
  const scratch = await mkdtemp(join(tmpdir(), 'postern-package-'))
  // vitest.e2e.config.ts has built it, because two files that build at once would disturb each other.
  const options = ['--json', '--silent', '--ignore-scripts', '--pack-destination', scratch]
  const { stdout } = await run('npm', ['pack', ...options], { cwd: ROOT })
  const [packed] = JSON.parse(stdout) as [{ filename: string; size: number; files: { path: string }[] }]
  await run('tar', ['-xzf', join(scratch, packed.filename), '-C', scratch])
  const unpacked = join(scratch, 'package')
  return {
    files: packed.files.map(({ path }) => path),
    bytes: packed.size,
    manifest: JSON.parse(await readFile(join(unpacked, 'package.json'), 'utf8')),
    async installInto(example, ...others) {
      const folder = join(scratch, example)
      await cp(join(ROOT, 'examples', example), folder, { recursive: true })
      await cp(unpacked, join(folder, 'node_modules/postern'), { recursive: true })
      for (const name of others) {
        const link = join(folder, 'node_modules', name)
        await mkdir(dirname(link), { recursive: true })
        await symlink(join(ROOT, 'node_modules', name), link)
      }
      return {
        folder,
        async run(program, args = [], variables = {}) {
          const script = join(folder, 'node_modules', program)
          const env = { ...process.env, ...variables, NODE_ENV: 'production' }
          const { stdout } = await run(process.execPath, [script, ...args], { cwd: folder, env }).catch((error) => {
            throw new Error(`${program}: ${error.stdout}${error.stderr}`)
          })
          return stdout
        },
      }
    },
    remove: () => rm(scratch, { recursive: true, force: true }),
  }
}
