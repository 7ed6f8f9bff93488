/**
 * Builds the pages of `src/ui` and the OpenAPI document into `dist/ui`, which the Worker serves as static assets. With
 * `--development` it builds them, and the development mailbox, into `dist/ui-development`, which is never deployed.
 */
import { cp, glob, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { build } from 'vite'
import { makeOpenApiDocument } from './lib/openapi-document.ts'
import { projectRoot } from './lib/wrangler.ts'

const isDevelopment = process.argv.includes('--development')
const source = join(projectRoot, 'src/ui')
const target = join(projectRoot, isDevelopment ? 'dist/ui-development' : 'dist/ui')
/** All pages are complete in this folder before the first of them replaces one that is served. */
const scratch = `${target}.${process.pid}`

const read = (file: string): Promise<string> => readFile(join(source, file), 'utf8')

/**
 * Builds a page. Its source holds what belongs into its head and, after an empty line, its body; one without a body
 * is a card. The scripts that its script imports load at once with it, not after it.
 */
async function buildPage(path: string, imports: readonly string[]): Promise<void> {
  const [head = '', ...body] = (await readFile(path, 'utf8')).split('\n\n')
  const [layout, card] = await Promise.all([read('layout.html'), read('card.html')])
  const preloads = imports.map((file) => `<link rel="modulepreload" href="/assets/${file}">`)
  const html = layout
    .replace('{{head}}', () => [head, ...preloads].join('\n'))
    .replace('{{name}}', basename(path, '.html'))
    .replace('{{body}}', () => (body.length === 0 ? card : body.join('\n\n')))
  await writeFile(join(scratch, basename(path)), html)
}

async function buildUi(): Promise<void> {
  await cp(join(source, 'assets'), join(scratch, 'assets'), { recursive: true })
  await writeFile(join(scratch, 'openapi.json'), JSON.stringify(await makeOpenApiDocument()))

  const folders = isDevelopment ? ['pages', 'dev'] : ['pages']
  const headers = ['_headers', ...(isDevelopment ? ['dev/_headers'] : [])]
  const rules = await Promise.all(headers.map(read))
  await writeFile(join(scratch, '_headers'), rules.join(''))
  const importsOf = await bundle(await find(`{${folders.join(',')},}/*.{ts,tsx}`))
  for (const page of await find(`{${folders.join(',')},}/*.html`))
    await buildPage(page, importsOf.get(basename(page, '.html')) ?? [])
}

const find = (pattern: string): Promise<string[]> =>
  Array.fromAsync(glob(pattern, { cwd: source }), (path) => join(source, path))

/**
 * Bundles the scripts of the pages, with the styles that they import. What several pages need stands in files that they
 * share. The answer has the files that load with the script of each page.
 */
async function bundle(scripts: readonly string[]): Promise<Map<string, readonly string[]>> {
  const built = await build({
    configFile: false,
    root: source,
    logLevel: 'warn',
    publicDir: false,
    base: '/assets/',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: {
      outDir: join(scratch, 'assets'),
      emptyOutDir: false,
      target: 'es2023',
      minify: !isDevelopment,
      // What a script loads later comes with all that it imports. No browser of `target` needs the polyfill.
      modulePreload: { polyfill: false },
      rolldownOptions: {
        input: [...scripts],
        output: {
          entryFileNames: '[name].js',
          chunkFileNames: 'shared-[hash].js',
          assetFileNames: '[name][extname]',
        },
      },
    },
  })
  if (Array.isArray(built) || !('output' in built)) throw new Error('Vite has not made one bundle')
  const chunks = built.output.filter((file) => file.type === 'chunk')
  const direct = new Map(chunks.map(({ fileName, imports }) => [fileName, imports]))
  const entries = chunks.filter(({ isEntry }) => isEntry)
  return new Map(entries.map(({ name, fileName }) => [name, [...importsFrom(fileName, direct)]]))
}

/** Lists the files that a file imports, and those that they import in turn. */
function importsFrom(file: string, direct: ReadonlyMap<string, string[]>, found = new Set<string>()): Set<string> {
  for (const next of direct.get(file) ?? []) if (!found.has(next)) importsFrom(next, direct, found.add(next))
  return found
}

/**
 * Moves the pages that changed to where they are served. A running `npm start` watches and serves the folder of
 * development, so that folder is never emptied, never holds a half-written page, and is left alone when nothing
 * changed.
 */
async function publishUi(): Promise<void> {
  if (!isDevelopment) await rm(target, { recursive: true, force: true })
  for (const entry of await readdir(scratch, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const built = join(entry.parentPath, entry.name)
    const served = join(target, relative(scratch, built))
    const current = await readFile(served).catch(() => null)
    if (current?.equals(await readFile(built))) continue
    await mkdir(dirname(served), { recursive: true })
    await rename(built, served)
  }
}

try {
  await buildUi()
  await publishUi()
} finally {
  await rm(scratch, { recursive: true, force: true })
}
