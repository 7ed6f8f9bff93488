import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { fillPlace } from '../../scripts/lib/generated-file.ts'

const MODULE = new URL('../../scripts/lib/generated-file.ts', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'postern-generated-'))
const path = join(folder, 'words.txt')

/** Runs a script that generates the file, as `npm run words` would. */
function generate(...args: readonly string[]) {
  const file = JSON.stringify({ path, fresh: 'fresh words\n', script: 'words' })
  const script = `import { writeOrCheck } from '${MODULE}'\nawait writeOrCheck(${file})`
  return spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', ...args], { encoding: 'utf8' })
}

afterAll(() => rmSync(folder, { recursive: true }))

describe('a script that generates a file', () => {
  beforeEach(() => writeFileSync(path, 'stale words\n'))

  it('writes it, and finds it current from then on', () => {
    expect(generate()).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(path, 'utf8')).toBe('fresh words\n')
    expect(generate('--check')).toMatchObject({ status: 0, stderr: '' })
  })

  it('fails with --check where it is stale, names the script that writes it, and changes nothing', () => {
    expect(generate('--check')).toMatchObject({ status: 1, stderr: expect.stringContaining('`npm run words`') })
    expect(readFileSync(path, 'utf8')).toBe('stale words\n')
  })

  it('fails with --check where the file is missing', () => {
    rmSync(path)
    expect(generate('--check').status).toBe(1)
  })
})

describe('the place of a page that is generated', () => {
  it('takes a text as it is, and leaves what stands around it', () => {
    const page = 'before\n<!-- list -->\nold\nlines\n<!-- /list -->\nafter <!-- other -->\n'
    const filled = "before\n<!-- list -->\n$1 and $'\n<!-- /list -->\nafter <!-- other -->\n"
    expect(fillPlace(page, 'list', "$1 and $'")).toBe(filled)
  })
})
