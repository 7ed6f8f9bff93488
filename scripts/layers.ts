/** `npm run layers` refuses an import against the direction of the layers (docs/architecture.md). */
import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { findLayerViolations } from './lib/layers.ts'
import { projectRoot } from './lib/wrangler.ts'

const files = globSync('src/**/*.ts', { cwd: projectRoot }).filter((path) => !path.endsWith('.d.ts'))
const violations = files.flatMap((path) =>
  findLayerViolations(path.split(sep).join('/'), readFileSync(join(projectRoot, path), 'utf8')),
)
for (const { path, rule } of violations) console.error(`${path}: ${rule}`)
console.log(`${files.length} files, ${violations.length} imports against the direction of the layers`)
if (violations.length > 0) {
  console.error('Move the code to a layer that may import it; the table is in scripts/lib/layers.ts.')
  process.exitCode = 1
}
