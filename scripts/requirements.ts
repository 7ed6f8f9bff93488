/**
 * `npm run requirements` lists in docs/security.md which test shows which requirement; `--check` says whether the list
 * is current.
 */
import { glob, readFile } from 'node:fs/promises'
import { fillPlace, writeOrCheck } from './lib/generated-file.ts'

const DOCUMENT = 'docs/security.md'
/** Matches the title of a test or of a group of tests. */
const TITLE = /(?:describe|it|\))\(\s*(['"`])((?:\\.|(?!\1)[\s\S])*)\1/g
/** Matches a list of sections: `ASVS 6.2.1-6.2.3 6.2.8` names four of them. */
const ASVS = /ASVS \d+\.\d+\.\d+(?:[-, ]+\d+\.\d+\.\d+)*/g
const REQUIREMENT = /NIST SP 800-63B-4(?: §[\d.]*\d)?|RFC \d{4}(?: §[\d.]*\d)?/g
/**
 * Matches what docs/incidents.md cites: advisories, kinds of weaknesses, issues (`project#1`), releases (`project
 * 1.2.3`).
 */
const INCIDENT =
  /\bGHSA(?:-[0-9a-z]{4}){3}\b|\bCVE-\d{4}-\d+|\bCWE-\d+|\b[\w.-]+(?:\/[\w.-]+)?#\d+|\b[a-z][\w-]*(?:\/[\w-]+)? \d+\.\d+\.\d+\b/g

async function collectTitles(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  for await (const file of glob('test/**/*.test.ts'))
    for (const [, , title = ''] of (await readFile(file, 'utf8')).matchAll(TITLE))
      for (const requirement of new Set(
        [REQUIREMENT, INCIDENT].flatMap((named) => title.match(named) ?? []).concat(readAsvs(title)),
      ))
        found.set(requirement, [...(found.get(requirement) ?? []), `\`${file}\` ${toCell(title)}`])
  return found
}

function readAsvs(title: string): string[] {
  const groups = (title.match(ASVS) ?? []).flatMap((list) => list.slice('ASVS '.length).split(/[, ]+/))
  return groups.flatMap(expandRange).map((id) => `ASVS ${id}`)
}

/** Answers every requirement of a range such as `6.2.1-6.2.3`, or its two ends where it spans several sections. */
function expandRange(range: string): string[] {
  const [first = '', last] = range.split('-')
  const split = (id: string) => [id.slice(0, id.lastIndexOf('.')), Number(id.slice(id.lastIndexOf('.') + 1))] as const
  if (last === undefined) return [first]
  const [[section, from], [lastSection, to]] = [split(first), split(last)]
  if (section !== lastSection) return [first, last]
  return Array.from({ length: to - from + 1 }, (_, offset) => `${section}.${from + offset}`)
}

const toCell = (title: string) => title.replaceAll(/\\(.)/g, '$1').replaceAll('|', '\\|').replaceAll(/\s+/g, ' ')

const natural = new Intl.Collator('en', { numeric: true }).compare
const rows = [...(await collectTitles())]
  .sort(([a], [b]) => natural(a, b))
  .map(([requirement, tests]) => `| ${requirement} | ${tests.sort(natural).join('<br>')} |`)
const list = ['| requirement | test |', '|---|---|', ...rows].join('\n')
const fresh = fillPlace(await readFile(DOCUMENT, 'utf8'), 'requirements', list)
await writeOrCheck({ path: DOCUMENT, fresh, script: 'requirements' })
