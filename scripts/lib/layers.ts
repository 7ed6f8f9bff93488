import { posix } from 'node:path'

/**
 * This table says what each layer may import besides itself; docs/architecture.md has a picture of it. A layer is a
 * folder of `src/` or a file named here, and one that is not listed may import nothing.
 */
const allowedImports: Readonly<Record<string, readonly string[]>> = {
  index: ['app', 'jobs', 'rpc', 'durable-objects', 'platform'],
  app: ['routes', 'http', 'platform'],
  routes: ['http', 'contracts', 'services'],
  http: ['contracts', 'platform', 'services'],
  jobs: ['services', 'platform'],
  rpc: ['services', 'platform'],
  services: ['storage', 'platform', 'mail', 'oauth-providers', 'crypto', 'contracts'],
  // The platform is put together here, so this file knows all of its parts.
  'platform/compose': ['storage', 'mail', 'oauth-providers', 'crypto', 'durable-objects'],
  'platform/platform': ['mail', 'oauth-providers', 'durable-objects'],
  'platform/configuration': ['oauth-providers'],
  'platform/database': [],
  'platform/mail-pause': ['mail'],
  'platform/mail-transport': ['mail'],
  platform: [],
  storage: [],
  mail: ['contracts'],
  'oauth-providers': [],
  crypto: [],
  // An object implements the interface under which the platform offers it.
  'durable-objects': ['crypto', 'platform'],
  // Each value is read by the parser of the part that uses it.
  env: ['variable-kinds', 'crypto', 'oauth-providers'],
  'variable-kinds': ['crypto', 'mail'],
  contracts: [],
  client: ['contracts'],
  ui: ['client', 'contracts'],
}
const importableByAll = ['errors', 'result', 'within', 'config', 'env', 'domain']
/** Code that also runs in a browser, or describes it, may import only the limits and the pure rules. */
const seesNoErrors = ['contracts', 'client', 'ui']

/** These layers put the Worker together, and they alone may use the bindings. */
const seesBindings = ['index', 'app', 'platform/compose', 'durable-objects', 'rpc']

/** These libraries may be imported by the listed layers only. */
const libraryOwners: Readonly<Record<string, readonly string[]>> = {
  // It computes with addresses, and knows of no request.
  'hono/utils/ipaddr': ['domain', 'http'],
  hono: ['app', 'http', 'routes', 'client'],
  // It makes the OpenAPI document, which is made with the pages.
  '@asteasolutions/zod-to-openapi': ['http'],
  '@hono/zod-validator': ['app', 'http', 'routes'],
  'drizzle-orm': ['storage', 'platform/platform', 'platform/database'],
  arctic: ['oauth-providers'],
  'cloudflare:workers': ['index', 'durable-objects', 'rpc'],
  'cloudflare:sockets': ['mail', 'platform'],
}

const importPattern = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/gm
const commentPattern = /\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm

export interface Violation {
  path: string
  rule: string
}

const withoutEnds = (path: string) => path.replace(/^src\//, '').replace(/\.ts$/, '')
const folderOf = (path: string) => withoutEnds(path).replace(/\/.*$/, '')

/** Answers the layer of a file under `src/`: the file itself where the table names it, and otherwise its folder. */
function layerOf(path: string): string {
  const file = withoutEnds(path)
  return file in allowedImports ? file : folderOf(path)
}

function importedPaths(source: string): string[] {
  return [...source.matchAll(importPattern)].flatMap(([, from, bare]) => from ?? bare ?? [])
}

function mayImport(path: string, target: string): boolean {
  const layer = layerOf(path)
  const folder = folderOf(target)
  if (folder === folderOf(path) || allowedImports[layer]?.includes(folder) === true) return true
  return ['config', 'domain'].includes(folder) || (importableByAll.includes(folder) && !seesNoErrors.includes(layer))
}

function checkImport(path: string, imported: string): string | null {
  const layer = layerOf(path)
  if (!imported.startsWith('.')) {
    const library = Object.keys(libraryOwners).find((name) => imported === name || imported.startsWith(`${name}/`))
    if (library === undefined || libraryOwners[library]?.includes(layer) === true) return null
    return `${layer} must not import ${imported}`
  }
  const target = posix.join(posix.dirname(path), imported)
  if (!target.startsWith('src/')) return `${layer} must not import ${imported}: it is outside src`
  return mayImport(path, target) ? null : `${layer} must not import ${folderOf(target)} (${imported})`
}

/** Checks one file under `src/`. Imports of types count, because a layer that uses another's types depends on it. */
export function findLayerViolations(path: string, source: string): Violation[] {
  const code = source.replace(commentPattern, '')
  const rules = importedPaths(code).map((imported) => checkImport(path, imported))
  if (!seesBindings.includes(layerOf(path)) && /\bEnv\b/.test(code)) rules.push(`${layerOf(path)} must not see Env`)
  return rules.flatMap((rule) => (rule === null ? [] : { path, rule }))
}
