import { glob, readFile } from 'node:fs/promises'
import { fileURLToPath, URL } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A block of code, with the file that a comment above it names. A block for a shell has no file. */
const BLOCK = /(?:<!-- from (\S+) -->\n)?^```(\w+)\n([\s\S]*?)^```$/gm

const quotes: { guide: string; file: string | null; code: string }[] = []
for await (const guide of glob(['docs/guides/*.md', 'docs/other-services.md'], { cwd: ROOT })) {
  const blocks = (await readFile(ROOT + guide, 'utf8')).matchAll(BLOCK)
  for (const [, file = null, language, code = ''] of blocks)
    if (file !== null || (guide.startsWith('docs/guides/') && language !== 'sh')) quotes.push({ guide, file, code })
}

describe('the code in the guides', () => {
  it.each(quotes.map(({ guide, file, code }) => [guide, file ?? code.split('\n', 1)[0], { file, code }] as const))(
    '%s quotes %s as it is, which other tests run',
    async (_, __, { file, code }) => {
      const source = await readFile(ROOT + file, 'utf8')
      expect(file).toMatch(/^examples\//)
      expect(source).toContain(code)
    },
  )

  it('is there', () => expect(quotes.length).toBeGreaterThan(10))
})
