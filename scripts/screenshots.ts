/**
 * `npm run screenshots` starts the service with a life of its own in it, and takes the pictures of `docs/pages.md`, of
 * the README and of the other documents. Names as arguments take only the pictures that begin with one of them.
 * `--check` takes none: it fails where a page has no picture, or where `docs/pages.md` and its pictures do not agree.
 */
import { globSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { launchBrowser } from '../test/e2e/support/browser.ts'
import { withDatabase } from '../test/e2e/support/mail-service.ts'
import { startService } from '../test/e2e/support/service.ts'
import { type Camera, takePicture, type View } from './lib/screenshots/camera.ts'
import { makeCast } from './lib/screenshots/cast.ts'
import { PICTURES, renderGallery } from './lib/screenshots/gallery.ts'
import { pictureMails } from './lib/screenshots/mails.ts'
import { seed } from './lib/screenshots/seed.ts'
import { CHAPTERS } from './lib/screenshots/shots.ts'
import { projectRoot } from './lib/wrangler.ts'

const IMAGES = join(projectRoot, 'docs/images')
const FOLDER = join(IMAGES, 'pages')
const GALLERY = join(projectRoot, 'docs/pages.md')
const MOST_BYTES = 1_500_000

/** The pictures of the README and of other documents, by the pages that they show. */
const ALONE: Readonly<Record<string, { shot: string; width: number; height: number }>> = {
  console: { shot: 'console-users', width: 1200, height: 760 },
  account: { shot: 'account', width: 1200, height: 760 },
  docs: { shot: 'docs', width: 1200, height: 760 },
  mailbox: { shot: 'dev-mailbox', width: 1200, height: 720 },
  'sign-in': { shot: 'sign-in', width: 1000, height: 760 },
}

const MAIL_VIEWS = [
  { language: 'en', scheme: 'light' },
  { language: 'de', scheme: 'dark' },
] as const

/** Says in sentences what does not agree. */
async function findGaps(): Promise<string[]> {
  const shots = Object.values(CHAPTERS).flat()
  const pages = globSync('src/ui/{pages,dev}/*.html', { cwd: projectRoot }).map((path) => basename(path, '.html'))
  const sections = globSync('src/ui/console/*/', { cwd: projectRoot }).map((path) => basename(path))
  const wanted = [...pages, ...sections.filter((name) => name !== 'parts').map((name) => `console-${name}`)]
  const unseen = wanted.filter(
    (name) => !shots.some((shot) => shot.name === name || (name === 'console' && shot.name.startsWith(name))),
  )
  const files = await readdir(FOLDER)
  const named = new Set(PICTURES.map(({ file }) => file))
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(FOLDER, file))).size))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return [
    ...unseen.map((name) => `No picture shows ${name}: add it to scripts/lib/screenshots/shots.ts.`),
    ...[...named].filter((file) => !files.includes(file)).map((file) => `${file} is missing.`),
    ...files.filter((file) => !named.has(file)).map((file) => `${file} is of no page.`),
    ...(bytes > MOST_BYTES ? [`The pictures have ${bytes} bytes, and ${MOST_BYTES} are allowed.`] : []),
    ...((await readFile(GALLERY, 'utf8')) === renderGallery() ? [] : ['docs/pages.md does not list the pictures.']),
  ]
}

/** Takes a picture. One that fails is reported, and the others are taken all the same. */
async function save(path: string, take: () => Promise<Buffer>): Promise<void> {
  try {
    await writeFile(path, await take())
    console.log(path)
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  }
}

async function takeAll(camera: Camera, isWanted: (name: string) => boolean): Promise<void> {
  await mkdir(FOLDER, { recursive: true })
  for (const { file, shot, view } of PICTURES.filter(({ file }) => isWanted(file))) {
    await save(join(FOLDER, file), () => takePicture(camera, shot, view, 'webp'))
  }
  const shots = Object.values(CHAPTERS).flat()
  for (const [name, { shot: wanted, ...size }] of Object.entries(ALONE).filter(([name]) => isWanted(name))) {
    const shot = shots.find(({ name }) => name === wanted)
    if (shot === undefined) throw new Error(`there is no picture ${wanted}`)
    const view: View = { language: 'en', scheme: 'light', ...size }
    await save(join(IMAGES, `${name}.png`), () => takePicture(camera, shot, view, 'png'))
  }
  if (!isWanted('mails')) return
  for (const view of MAIL_VIEWS)
    await save(join(IMAGES, `mails-${view.language}-${view.scheme}.png`), () => pictureMails(camera.browser, view))
}

const names = process.argv.slice(2)
if (names.includes('--check')) {
  const gaps = await findGaps()
  for (const gap of gaps) console.error(gap)
  if (gaps.length > 0) console.error('Run `npm run screenshots`, and look at what it took.')
  process.exit(gaps.length > 0 ? 1 : 0)
}
const variables = ['RATE_LIMITS:off', 'ACCESS_TOKEN_TTL_SECONDS:7200']
const providers = ['GOOGLE', 'GITHUB'].flatMap((name) => [
  `${name}_CLIENT_ID:pictured`,
  `${name}_CLIENT_SECRET:pictured`,
])
const [service, browser] = await Promise.all([
  startService(...[...variables, ...providers].flatMap((variable) => ['--var', variable])),
  launchBrowser('--font-render-hinting=none', '--force-color-profile=srgb'),
])
try {
  const cast = await makeCast(browser, service.origin)
  const startedAt = Date.now()
  withDatabase(service, false, (database) => seed(database, startedAt))
  const camera = { browser, origin: service.origin, cast, startedAt }
  if (names.length === 0) await rm(FOLDER, { recursive: true, force: true })
  await takeAll(camera, (file) => names.length === 0 || names.some((name) => file.startsWith(name)))
  await writeFile(GALLERY, renderGallery())
} finally {
  await browser.close()
  await service.stop()
}
