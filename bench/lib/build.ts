import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Unstable_RawConfig, unstable_readConfig } from 'wrangler'
import { projectRoot, runWrangler } from '../../scripts/lib/wrangler.ts'

/** A Worker as it would be uploaded, and the configuration that it was built with. */
export interface Build {
  /** The configuration stands in this folder, and beside it, under `modules`, lies what would be uploaded. */
  directory: string
  config: Unstable_RawConfig
  /** The first module is the entry. */
  modules: readonly Module[]
}

export interface Module {
  type: 'ESModule' | 'CompiledWasm' | 'Text'
  path: string
}

export interface BundleSize {
  scriptBytes: number
  wasmBytes: number
  /** What is neither: text that the script reads, such as a list of passwords. */
  dataBytes: number
}

const MODULE_TYPES: Readonly<Record<string, Module['type']>> = { '.js': 'ESModule', '.wasm': 'CompiledWasm' }

/**
 * Reads what `wrangler.toml` says for production. Paths come out absolute, so the result may stand anywhere. Wrangler
 * does so with all but those in `alias`.
 */
export function readProductionConfig(): Unstable_RawConfig {
  const path = join(projectRoot, 'wrangler.toml')
  const config = unstable_readConfig({ config: path, env: 'production' }) as Unstable_RawConfig
  const alias = Object.entries(config.alias ?? {}).map(([part, standIn]) => [part, resolve(projectRoot, standIn)])
  return { ...config, alias: Object.fromEntries(alias) }
}

/**
 * Bundles a Worker as a deployment does. For a profile it is not minified, so that functions keep their names.
 */
export async function buildWorker(config: Unstable_RawConfig, isMinified = true): Promise<Build> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-bench-'))
  const configPath = join(directory, 'wrangler.json')
  const outdir = join(directory, 'modules')
  await writeFile(configPath, JSON.stringify({ ...config, minify: isMinified, upload_source_maps: true }))
  const { exitCode, output } = await runWrangler(['deploy', '--dry-run', '--config', configPath, '--outdir', outdir])
  if (exitCode !== 0) throw new Error(`The Worker ${config.name} could not be built:\n${output}`)
  return { directory, config, modules: await listModules(outdir) }
}

async function listModules(directory: string): Promise<Module[]> {
  const names = (await readdir(directory)).filter((name) => !/\.map$|^README\.md$/.test(name))
  const isEntry = (name: string) => extname(name) === '.js'
  return names
    .toSorted((a, b) => Number(isEntry(b)) - Number(isEntry(a)))
    .map((name) => ({ type: MODULE_TYPES[extname(name)] ?? 'Text', path: join(directory, name) }))
}

/** Answers how large the upload is, each kind of module gzipped. */
export async function measureBundle({ modules }: Build): Promise<BundleSize> {
  const sizes = { scriptBytes: 0, wasmBytes: 0, dataBytes: 0 }
  const kinds = { ESModule: 'scriptBytes', CompiledWasm: 'wasmBytes', Text: 'dataBytes' } as const
  for (const { type, path } of modules) sizes[kinds[type]] += gzipSync(await readFile(path), { level: 9 }).length
  return sizes
}

export const removeBuild = ({ directory }: Build): Promise<void> => rm(directory, { recursive: true, force: true })
