import { join } from 'node:path'
import { build } from 'esbuild'
import type * as Env from '../../src/env.ts'
import { projectRoot } from './wrangler.ts'

/** The Worker's own parser of its variables. Node alone cannot load it: the source uses syntax that types cannot simply be stripped from. */
export async function loadEnvModule(): Promise<typeof Env> {
  const { outputFiles } = await build({
    entryPoints: [join(projectRoot, 'src/env.ts')],
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  })
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')
  return await import(`data:text/javascript;base64,${code}`)
}
