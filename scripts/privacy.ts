/**
 * `npm run privacy` writes into docs/privacy.md what each table holds, about whom, why and for how long, as the
 * comments of the schema say it; with `--check` it only says whether the committed page is current.
 */
import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { projectRoot } from './lib/wrangler.ts'

const MARKERS = /(<!-- tables -->\n)[\s\S]*?(\n<!-- \/tables -->)/
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

const path = join(projectRoot, 'docs/privacy.md')
const page = await readFile(path, 'utf8')
const fresh = page.replace(MARKERS, (_, start: string, end: string) => `${start}${sorted.join('\n\n')}${end}`)
if (!process.argv.includes('--check')) {
  await writeFile(path, fresh)
} else if (fresh !== page) {
  console.error('docs/privacy.md does not describe the tables as they are. Run `npm run privacy` and commit it.')
  process.exitCode = 1
}
