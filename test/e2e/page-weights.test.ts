import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const ASSETS = join(ROOT, 'dist/ui/assets')
const MOST_SCRIPT_BYTES = 40 * 1024

const read = (file: string): string => readFileSync(join(ASSETS, file), 'utf8')

/** Lists the scripts that load with one of them, itself included. */
function scriptsFrom(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found
  found.add(file)
  const imported = read(file).matchAll(/(?:from|import)\s*[`'"](\.\/[^`'"]+\.js)[`'"]/g)
  for (const [, next = ''] of imported) scriptsFrom(next, found)
  return found
}

/** Lists the scripts that these load later, when they are needed. */
const sectionsOf = (scripts: Iterable<string>): string[] =>
  [...scripts]
    .flatMap((file) => [...read(file).matchAll(/import\([`'"](\.\/[^`'"]+)[`'"]\)/g)])
    .map(([, name]) => name ?? '')

const weigh = (scripts: Iterable<string>): number =>
  [...scripts].reduce((sum, file) => sum + gzipSync(read(file)).length, 0)

describe('the scripts of the pages', () => {
  it('weigh less than 40 kB each, with any one section of the console, as production serves them', () => {
    expect(spawnSync(process.execPath, ['scripts/build-ui.ts'], { cwd: ROOT }).status).toBe(0)
    const pages = readdirSync(ASSETS).filter((name) => name.endsWith('.js') && !/^(shared-|swagger-ui)/.test(name))
    const weights = pages.flatMap((page) => {
      const entry = scriptsFrom(`./${page}`)
      const sections = sectionsOf(entry).map((name) => [name, weigh(scriptsFrom(name, new Set(entry)))] as const)
      return [[page, weigh(entry)] as const, ...sections]
    })
    expect(weights.length).toBeGreaterThan(20)
    expect(weights.filter(([, bytes]) => bytes >= MOST_SCRIPT_BYTES)).toEqual([])
  })
})
