/**
 * Stands before esbuild. It bundles each source once for all machines, because the scripts bundle parts of the Worker
 * five times at each start, and the machines share that source.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, URL } from 'node:url'

const ESBUILD = new URL('real/lib/main.js', import.meta.url)

export async function build(options) {
  const name = createHash('sha256').update(options.stdin.contents).digest('hex')
  const bundle = fileURLToPath(new URL(`${name}.bundle`, import.meta.url))
  if (!existsSync(bundle)) {
    const esbuild = await import(ESBUILD.href)
    const { outputFiles } = await esbuild.build(options)
    writeFileSync(bundle, outputFiles[0].contents)
  }
  return { outputFiles: [{ contents: readFileSync(bundle) }] }
}
