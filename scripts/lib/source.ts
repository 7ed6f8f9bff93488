import { join } from 'node:path'
import { build } from 'esbuild'
import { projectRoot } from './wrangler.ts'

/**
 * Loads modules of the Worker into Node, as one that exports what they all export. They are bundled as wrangler does
 * it, because Node cannot strip the types of this source and it imports text files. They may use no binding, no
 * WebAssembly and nothing of `cloudflare:`.
 */
export async function loadSource<Module>(...paths: readonly string[]): Promise<Module> {
  const contents = paths.map((path) => `export * from './${path}'\n`).join('')
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: join(projectRoot, 'src') },
    bundle: true,
    format: 'esm',
    platform: 'node',
    loader: { '.txt': 'text', '.wasm': 'empty' },
    write: false,
  })
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')
  return await import(`data:text/javascript;base64,${code}`)
}
