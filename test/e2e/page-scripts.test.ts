import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PAGES = join(ROOT, 'dist/ui')
const MOST_SCRIPT_BYTES = 40 * 1024

const read = (script: string): string => readFileSync(join(PAGES, 'assets', script), 'utf8')

const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, first = '']) => first)

/** Lists the scripts that load with one of them, itself included. */
function scriptsFrom(script: string, found = new Set<string>()): Set<string> {
  if (found.has(script)) return found
  found.add(script)
  const imported = matches(read(script), /(?:from|import)\s*[`'"]\.\/([^`'"]+\.js)[`'"]/g)
  for (const next of imported) scriptsFrom(next, found)
  return found
}

/** Lists the scripts that these load later, when they are needed, as those of the console's sections are. */
const sectionsOf = (scripts: Iterable<string>): string[] =>
  [...scripts].flatMap((script) => matches(read(script), /import\([`'"]\.\/([^`'"]+)[`'"]\)/g))

const weigh = (scripts: Iterable<string>): number =>
  [...scripts].reduce((sum, script) => sum + gzipSync(read(script)).length, 0)

describe('the scripts of the pages, as production serves them', () => {
  let pages: string[]
  beforeAll(() => {
    expect(spawnSync(process.execPath, ['scripts/build-ui.ts'], { cwd: ROOT }).status).toBe(0)
    pages = readdirSync(PAGES).flatMap((name) => (name.endsWith('.html') ? [name.replace('.html', '')] : []))
    expect(pages).toContain('verify-email')
  })

  it('weigh less than 40 kB a page, with any one section of the console', () => {
    const weights = pages.flatMap((page) => {
      const scripts = scriptsFrom(`${page}.js`)
      const sections = sectionsOf(scripts).map((name) => [name, weigh(scriptsFrom(name, new Set(scripts)))] as const)
      return [[page, weigh(scripts)] as const, ...sections]
    })
    expect(weights.length).toBeGreaterThanOrEqual(pages.length + 8)
    expect(weights.filter(([, bytes]) => bytes >= MOST_SCRIPT_BYTES)).toEqual([])
  })

  it('are all named by the page, so that none waits until another one has come', () => {
    for (const page of pages) {
      const html = readFileSync(join(PAGES, `${page}.html`), 'utf8')
      const named = new Set(matches(html, /\/assets\/([^"]+\.js)"/g))
      const forgotten = [...scriptsFrom(`${page}.js`)].filter((script) => !named.has(script))
      expect(forgotten, page).toEqual([])
    }
  })
})
