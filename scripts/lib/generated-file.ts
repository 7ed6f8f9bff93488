import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { projectRoot } from './wrangler.ts'

interface GeneratedFile {
  /** Where it is in the project. */
  path: string
  /** What it has to hold. */
  fresh: string
  /** The npm script that makes it. */
  script: string
}

/** Writes a generated file; where the script runs with `--check`, it only says whether the committed one is current. */
export async function writeOrCheck({ path, fresh, script }: GeneratedFile): Promise<void> {
  const file = resolve(projectRoot, path)
  if (!process.argv.includes('--check')) return await writeFile(file, fresh)
  if (fresh === (await readFile(file, 'utf8').catch(() => null))) return
  console.error(`${path} is not what the script would write now. Run \`npm run ${script}\` and commit the file.`)
  process.exitCode = 1
}

/** Puts a text into the place of a page that lies between `<!-- name -->` and `<!-- /name -->`. */
export function fillPlace(page: string, name: string, text: string): string {
  const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`)
  return page.replace(place, (_, start: string, end: string) => `${start}${text}${end}`)
}
