import { join } from 'node:path'
import { build } from 'esbuild'
import { projectRoot } from './wrangler.ts'

/**
 * Loads a module of the Worker into Node. It is bundled as wrangler does it, because Node cannot strip the types of
 * this source and it imports text files. The module may use no binding and nothing of `cloudflare:`.
 */
export async function loadSource<Module>(path: string): Promise<Module> {
  const { outputFiles } = await build({
    entryPoints: [join(projectRoot, 'src', path)],
    bundle: true,
    format: 'esm',
    platform: 'node',
    loader: { '.txt': 'text' },
    write: false,
  })
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')
  return await import(`data:text/javascript;base64,${code}`)
}
