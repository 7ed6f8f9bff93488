import { readdir, readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Metafile } from 'esbuild'
import { runWrangler } from './wrangler.ts'

export interface Bundle {
  folder: string
  /** The names of the modules that a deployment uploads. The first is the entry. */
  modules: string[]
  /** The size of the script and of the WebAssembly, each gzipped. */
  codeBytes: number
  /** The size of what the code reads, such as the list of common passwords, gzipped. */
  dataBytes: number
  /** The minified size of each package in the script, not gzipped. The Worker's own source is `src`. */
  packageBytes: Record<string, number>
}

const isCode = (module: string) => ['.js', '.wasm'].includes(extname(module))

/** Bundles the Worker of production into a folder, as a deployment does. */
export async function bundleWorker(folder: string): Promise<Bundle> {
  const { exitCode, output } = await runWrangler([
    ...['deploy', '--dry-run', '--env', 'production'],
    ...['--outdir', folder, '--metafile', join(folder, 'meta.json')],
  ])
  if (exitCode !== 0) throw new Error(output)
  const modules = (await readdir(folder)).filter((name) => !['.map', '.json', '.md'].includes(extname(name)))
  modules.sort((a, b) => Number(b === 'index.js') - Number(a === 'index.js'))
  const sizes = await Promise.all(
    modules.map(async (name) => ({ name, bytes: gzipSync(await readFile(join(folder, name)), { level: 9 }).length })),
  )
  const sum = (kind: typeof sizes) => kind.reduce((total, { bytes }) => total + bytes, 0)
  return {
    folder,
    modules,
    codeBytes: sum(sizes.filter(({ name }) => isCode(name))),
    dataBytes: sum(sizes.filter(({ name }) => !isCode(name))),
    packageBytes: sumByPackage(JSON.parse(await readFile(join(folder, 'meta.json'), 'utf8'))),
  }
}

function sumByPackage({ outputs }: Metafile): Record<string, number> {
  const sums: Record<string, number> = {}
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs))
  for (const [path, { bytesInOutput }] of inputs) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/')[0] ?? path
    sums[name] = (sums[name] ?? 0) + bytesInOutput
  }
  return sums
}
