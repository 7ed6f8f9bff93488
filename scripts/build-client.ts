/**
 * `npm run build:client` builds the package of the client into `dist/client`, and fails where a page that uses all of
 * it would load more than 5 kB. `npm pack` runs it (docs/decisions/0033-client.md).
 */
import { execFileSync } from 'node:child_process'
import { glob, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { projectRoot } from './lib/wrangler.ts'

const GZIPPED_MAX_BYTES = 5000
const target = join(projectRoot, 'dist/client')
const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc')

await rm(target, { recursive: true, force: true })
execFileSync(process.execPath, [compiler, '-p', join(projectRoot, 'src/client')], { stdio: 'inherit' })
// The compiler names the modules of the package by `.js` in its code, and by `.ts` in its types.
for await (const name of glob('*.d.ts', { cwd: target })) {
  const types = await readFile(join(target, name), 'utf8')
  await writeFile(join(target, name), types.replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'"))
}

const { outputFiles } = await build({
  entryPoints: [join(target, 'index.js')],
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  write: false,
})
const bytes = gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length
console.log(`postern/client: ${bytes} of ${GZIPPED_MAX_BYTES} bytes, minified and gzipped`)
if (bytes > GZIPPED_MAX_BYTES) {
  console.error('The client is larger than its budget. Make it smaller: every page of every app loads it.')
  process.exitCode = 1
}
