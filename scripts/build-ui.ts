/**
 * Builds the pages of `src/ui` and the OpenAPI document into `dist/ui`, which the Worker serves as static assets. With
 * `--development` it builds them, and the development mailbox, into `dist/ui-development`, which is never deployed.
 */
import { cp, glob, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { en } from '../src/ui/texts/en.ts'
import { makeOpenApiDocument } from './lib/openapi-document.ts'
import { projectRoot } from './lib/wrangler.ts'

const isDevelopment = process.argv.includes('--development')
const source = join(projectRoot, 'src/ui')
const target = join(projectRoot, isDevelopment ? 'dist/ui-development' : 'dist/ui')
/** All pages are complete in this folder before the first of them replaces one that is served. */
const scratch = `${target}.${process.pid}`
const texts: Readonly<Record<string, string>> = en

/**
 * Turns `<h1>{verify.title}</h1>` into the English text, and marks it so that the page can translate it for its reader.
 */
function fillTexts(html: string): string {
  return html.replace(/>\{([\w.]+)\}</g, (_, key: string) => {
    const text = texts[key]
    if (text === undefined)
      throw new Error(`A page uses the text ${key}, which is not in src/ui/texts/en.ts: add it there`)
    return ` data-text="${key}">${text}<`
  })
}

/**
 * Builds a page. Its source holds what belongs into its head, then an empty line, then its body. The scripts that its
 * script imports load at once with it, not after it.
 */
async function buildPage(path: string, layout: string, imports: readonly string[]): Promise<void> {
  const [head = '', ...body] = (await readFile(path, 'utf8')).split('\n\n')
  const preloads = imports.map((file) => `<link rel="modulepreload" href="/assets/${file}">`)
  const html = layout
    .replace('{{head}}', () => [head, ...preloads].join('\n'))
    .replace('{{name}}', basename(path, '.html'))
    .replace('{{body}}', () => body.join('\n\n'))
  await writeFile(join(scratch, basename(path)), fillTexts(html))
}

async function buildUi(): Promise<void> {
  await cp(join(source, 'assets'), join(scratch, 'assets'), { recursive: true })
  const swaggerUi = fileURLToPath(import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'))
  await cp(swaggerUi, join(scratch, 'assets/swagger-ui-bundle.js'))
  await writeFile(join(scratch, 'openapi.json'), JSON.stringify(await makeOpenApiDocument()))

  const folders = isDevelopment ? ['pages', 'dev'] : ['pages']
  const headers = ['_headers', ...(isDevelopment ? ['dev/_headers'] : [])]
  const rules = await Promise.all(headers.map((file) => readFile(join(source, file), 'utf8')))
  await writeFile(join(scratch, '_headers'), rules.join(''))
  const layout = await readFile(join(source, 'layout.html'), 'utf8')
  const importsOf = await bundle(await find(`{${folders.join(',')},}/*.{ts,tsx}`))
  for (const page of await find(`{${folders.join(',')},}/*.html`))
    await buildPage(page, layout, importsOf.get(basename(page, '.html')) ?? [])
}

const find = (pattern: string): Promise<string[]> =>
  Array.fromAsync(glob(pattern, { cwd: source }), (path) => join(source, path))

/**
 * Bundles the scripts of the pages, with the styles that they import. What several pages need stands in files that they
 * share. The answer has the files that each script imports.
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
  const importsOf = new Map(chunks.map(({ fileName, imports }) => [fileName, imports]))
  // What several pages share may have the name of one of them.
  const entries = chunks.filter(({ isEntry }) => isEntry)
  return new Map(entries.map(({ name, fileName }) => [name, [...followImports(fileName, importsOf)]]))
}

/** Lists what a script imports, and what that imports in turn. */
function followImports(
  file: string,
  importsOf: ReadonlyMap<string, readonly string[]>,
  found = new Set<string>(),
): ReadonlySet<string> {
  for (const imported of importsOf.get(file) ?? [])
    if (!found.has(imported)) followImports(imported, importsOf, found.add(imported))
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
