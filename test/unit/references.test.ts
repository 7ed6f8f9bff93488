import { describe, expect, it } from 'vitest'
import { findDanglingReferences } from '../../scripts/lib/references.ts'

const FILES = new Set([
  'docs/security.md',
  'docs/architecture.md',
  'docs/decisions/0003-refresh-rotation.md',
  'README.md',
  'src/storage',
  'test/smtp',
  'test/smtp/tls.test.ts',
])
const problemsOf = (path: string, text: string) =>
  findDanglingReferences(path, text, FILES).map(({ problem }) => problem)

describe('references to what is not in the project', () => {
  it.each([
    ['src/a.ts', '/** Moves on by one (decision 2). */'],
    ['src/a.ts', '// KV refuses less (platform.md).'],
    ['src/a.ts', '/** The caller cannot tell (A10). */'],
    ['src/a.ts', '/** As architecture.md has it. */'],
    ['src/a.ts', '/** See docs/decisions/0099-nothing.md. */'],
    ['test/a.test.ts', "it('stays (incident 22)', () => {})"],
    ['docs/security.md', 'As [decided](decisions/0099-nothing.md).'],
    ['docs/security.md', 'It was issue 3, line 1.'],
    ['docs/security.md', 'A limit stands in product.md.'],
    ['docs/security.md', 'Named in api.md (the contract).'],
    ['test/a.test.ts', "describe('what assurance.md asks for', () => {})"],
    ['test/a.test.ts', "describe('a provider (O4; and more)', () => {})"],
    ['docs/security.md', 'Shown by `test/smtp/nothing.test.ts`.'],
    ['docs/security.md', 'Shown by `test/smtp/{tls,nothing}.test.ts`.'],
    ['docs/security.md', 'Shown by `test/nothing/*.test.ts`.'],
    ['src/a.ts', '/** The clock is `test/nothing.ts`. */'],
  ])('are found in %s: %s', (path, text) => {
    expect(problemsOf(path, text)).toHaveLength(1)
  })

  it.each([
    ['src/a.ts', '/** Moves on by one (docs/decisions/0003-refresh-rotation.md; RFC 9700 §4.14.2). */'],
    ['src/a.ts', '// The picture is in docs/architecture.md.'],
    ['src/a.ts', "const challenge = toChallenge(verifier, 'S256')"],
    ['src/a.ts', "const found = problemsOf('`src/nothing.ts`')"],
    ['docs/security.md', 'D1, KV, R2, Queues'],
    ['docs/security.md', 'Shown by `test/smtp/{tls}.test.ts`, `test/smtp/t*.test.ts` and `src/storage/<noun>.ts`.'],
    ['docs/security.md', 'An advisory: better-auth#7124, CVE-2026-22817.'],
    ['docs/security.md', 'See [the decision](decisions/0003-refresh-rotation.md) and [above](#login).'],
    ['docs/security.md', 'See [the layers](architecture.md) and [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).'],
  ])('are not reported in %s: %s', (path, text) => {
    expect(problemsOf(path, text)).toEqual([])
  })

  it('finds a comment that is wider than 120 columns, and names its line', () => {
    const comment = `// ${'x'.repeat(118)}`
    expect(findDanglingReferences('src/a.ts', `const a = 1\n${comment}`, FILES)).toEqual([
      { line: 2, problem: 'a comment of 121 columns' },
    ])
    expect(problemsOf('wrangler.toml', `# ${'x'.repeat(119)}`)).toEqual(['a comment of 121 columns'])
    expect(problemsOf('src/a.ts', `const text = '${'x'.repeat(118)}'`)).toEqual([])
    expect(problemsOf('README.md', `# ${'x'.repeat(119)}`)).toEqual([])
  })
})
