/**
 * `npm run privacy` writes into docs/privacy.md what each table holds, about whom, why and for how long, as the
 * comments of the schema say it; with `--check` it only says whether the committed page is current.
 */
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fillPlace, writeOrCheck } from './lib/generated-file.ts'
import { projectRoot } from './lib/wrangler.ts'

const DOCUMENT = 'docs/privacy.md'
const COMMENT = String.raw`(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?`
const TABLE = new RegExp(String.raw`${COMMENT}export const \w+ = sqliteTable\(\s*'(\w+)'`, 'g')
const COLUMN = new RegExp(String.raw`${COMMENT}\w+: (?:text|integer)\('(\w+)'`, 'g')
const TAGS = ['about', 'why', 'kept'] as const

/** Reads a comment as one line of text, without its stars. */
const toText = (comment: string | undefined) =>
  (comment ?? '')
    .replaceAll(/^\s*\* ?/gm, '')
    .trim()
    .replaceAll(/\s+/g, ' ')

function describeTable(name: string, comment: string | undefined, body: string): string {
  const [summary, ...tagged] = toText(comment).split(/ ?@(?=(?:about|why|kept) )/)
  const said = new Map(tagged.map((tag) => [tag.split(' ', 1)[0], tag.slice(tag.indexOf(' ') + 1)]))
  const missing = TAGS.filter((tag) => !said.has(tag))
  if (missing.length > 0) throw new Error(`The comment of the table ${name} has no @${missing.join(' and no @')}.`)
  const columns = [...body.matchAll(COLUMN)].map(([, explained, column]) => {
    const meaning = toText(explained)
    return `\`${column}\`${meaning && `: ${meaning}`}`
  })
  return [
    `### \`${name}\``,
    '',
    summary,
    '',
    `- *About*: ${said.get('about')}`,
    `- *Why*: ${said.get('why')}`,
    `- *How long*: ${said.get('kept')}`,
    '',
    columns.join('<br>'),
  ].join('\n')
}

const tables: { name: string; text: string }[] = []
for await (const file of glob('src/storage/schema/*.ts', { cwd: projectRoot })) {
  const source = await readFile(join(projectRoot, file), 'utf8')
  const found = [...source.matchAll(TABLE)]
  for (const [nth, { 0: start, 1: comment, 2: name = '', index }] of found.entries()) {
    const body = source.slice(index + start.length, found[nth + 1]?.index)
    tables.push({ name, text: describeTable(name, comment, body) })
  }
}
const sorted = tables.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map(({ text }) => text)

const page = await readFile(join(projectRoot, DOCUMENT), 'utf8')
await writeOrCheck({ path: DOCUMENT, fresh: fillPlace(page, 'tables', sorted.join('\n\n')), script: 'privacy' })
