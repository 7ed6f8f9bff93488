/** `npm run references` refuses references to what is not in the project, and comments of more than 120 columns. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findDanglingReferences } from './lib/references.ts'
import { projectRoot } from './lib/wrangler.ts'

const tracked = execFileSync('git', ['ls-files'], { cwd: projectRoot, encoding: 'utf8' }).split('\n').filter(Boolean)
const known = new Set(tracked.flatMap(withFolders))
/** These files hold examples of what is refused. */
const EXAMPLES = ['scripts/lib/references.ts', 'test/unit/references.test.ts']
const searched = tracked.filter(
  (path) =>
    /\.(?:ts|md|toml|css|html|sql)$|^\.ci\/run$/.test(path) && !EXAMPLES.includes(path) && !path.endsWith('.d.ts'),
)
const findings = searched.flatMap((path) =>
  findDanglingReferences(path, readFileSync(join(projectRoot, path), 'utf8'), known).map(
    ({ line, problem }) => `${path}:${line}: ${problem}`,
  ),
)
for (const finding of findings) console.error(finding)
console.log(`${searched.length} files, ${findings.length} dangling references or wide comments`)
if (findings.length > 0) {
  console.error('Name what a stranger can look up: a file of the project, a section of a standard, an advisory.')
  process.exitCode = 1
}

/** Lists a path and each folder that it is in. */
function withFolders(path: string): string[] {
  return path === '.' ? [] : [path, ...withFolders(dirname(path))]
}
