/** `npm run references`: refuses what refers to something that is not in the project, and comments over 120 columns. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findDanglingReferences } from './lib/references.ts'
import { projectRoot } from './lib/wrangler.ts'

const tracked = execFileSync('git', ['ls-files'], { cwd: projectRoot, encoding: 'utf8' }).split('\n').filter(Boolean)
const known = new Set(tracked.flatMap((path) => [path, dirname(path)]))
/** These hold examples of what is refused. */
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
if (findings.length > 0) process.exitCode = 1
