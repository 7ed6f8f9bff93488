import { fileURLToPath, URL } from 'node:url'
import { readProductionConfig } from '../lib/build.ts'
import type { Config } from './service.ts'

/** Configures a Worker of `bench/peers/` for the same runtime as Postern. */
export function configurePeer(name: string, entry: string, bindings: Partial<Config>): Config {
  const { compatibility_date = '' } = readProductionConfig()
  const main = fileURLToPath(new URL(`../peers/${entry}`, import.meta.url))
  return { name, main, compatibility_date, compatibility_flags: ['nodejs_compat'], ...bindings }
}
