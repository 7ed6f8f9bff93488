/**
 * `npm run stack` reads log lines or stacks from its input and prints the stacks with the lines of the source. The
 * script that is deployed is minified, so a stack in a log names places of that script. The checkout has to be the
 * version that wrote the log, because this bundles it once more to know its places.
 */
import { readFile } from 'node:fs/promises'
import { SourceMap } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { bundleWorker } from './lib/bundle.ts'
import { makeScratchFolder } from './lib/scratch-folder.ts'
import { projectRoot } from './lib/wrangler.ts'

/** Matches a frame such as `at x (index.js:1:2345)`, with the function's name and without. */
const FRAME = /\bat (?:(?:async )?[^\s()]+ \()?[^\s()]*index\.js:(\d+):(\d+)\)?/g

const scratch = makeScratchFolder()
await bundleWorker(scratch)
const map = new SourceMap(JSON.parse(await readFile(join(scratch, 'index.js.map'), 'utf8')))
const input = (await text(process.stdin)).replaceAll('\\n', '\n')
const output = input.replace(FRAME, (frame, line: string, column: string) => {
  const origin = map.findOrigin(Number(line), Number(column))
  if (!('fileName' in origin)) return frame
  const file = relative(projectRoot, resolve(scratch, origin.fileName))
  return `at ${origin.name ?? ''} (${file}:${origin.lineNumber}:${origin.columnNumber})`.replace('at  (', 'at (')
})
process.stdout.write(output)
