import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { bundleWorker } from '../../scripts/lib/bundle.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-stack-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Finds where a text stands in the minified script, as a stack names places. */
function placeOf(script: string, text: string): string {
  const lines = script.slice(0, script.indexOf(text)).split('\n')
  return `${lines.length}:${(lines.at(-1) ?? '').length + 1}`
}

describe('npm run stack', () => {
  it('gives the lines of the source for a stack of the deployed script, in a log line too', async () => {
    await bundleWorker(folder)
    const place = placeOf(readFileSync(join(folder, 'index.js'), 'utf8'), '"the development mailbox is not bound"')
    const log = JSON.stringify({ message: 'mail failed', error: { stack: `    at async Xe (index.js:${place})` } })
    const said = execFileSync(process.execPath, ['scripts/stack.ts'], { input: log, encoding: 'utf8' })
    const source = readFileSync('src/platform/mail-transport.ts', 'utf8').split('\n')
    const line = source.findIndex((text) => text.includes('the development mailbox is not bound')) + 1
    expect(said).toContain(`src/platform/mail-transport.ts:${line}:`)
    expect(said).toContain('mail failed')
  })
})
