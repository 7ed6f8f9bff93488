import { appendFile, cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findBarriers } from '../support/axe.ts'
import { type Service, startServiceIn } from '../support/service.ts'
import { browser, useBrowser } from '../support/service-and-browser.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const THEME = join(ROOT, 'examples/theme')

const WIDE_LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="100"><rect width="300" height="100"/></svg>'

let checkout: string
let service: Service

/** Reads the lines `NAME = "value"` of the example. */
async function readVariables(): Promise<string[]> {
  const lines = (await readFile(join(THEME, 'vars.toml'), 'utf8')).matchAll(/^(\w+) = (".*")$/gm)
  return [...lines].map(([, name, value = '']) => `${name}:${JSON.parse(value)}`)
}

useBrowser()
beforeAll(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'postern-theme-'))
  for (const part of ['scripts', 'src', 'migrations', 'package.json', 'tsconfig.json', 'wrangler.toml'])
    await cp(join(ROOT, part), join(checkout, part), { recursive: true })
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'))
  const theme = await readFile(join(THEME, 'theme.css'), 'utf8')
  await appendFile(join(checkout, 'src/ui/assets/style.css'), `\n${theme}`)
  const variables = await readVariables()
  expect(variables).toHaveLength(3)
  service = await startServiceIn(checkout, ...variables.flatMap((variable) => ['--var', variable]))
})
afterAll(async () => {
  await service?.stop()
  await rm(checkout, { recursive: true, force: true })
})

describe('examples/theme, on a hosted page', () => {
  it.each([
    ['light', 'rgb(246, 241, 234)'],
    ['dark', 'rgb(22, 18, 13)'],
  ] as const)(
    'shows the name, the logo, the colour and the style in the %s scheme, legibly',
    async (scheme, ground) => {
      const page = await browser.newPage({ colorScheme: scheme })
      await page.route('https://cdn.example.com/logo.svg', (route) =>
        route.fulfill({ contentType: 'image/svg+xml', body: WIDE_LOGO }),
      )
      await page.goto(`${service.origin}/sign-in`)
      const button = page.getByRole('button', { name: 'Sign in', exact: true })
      await button.waitFor()
      expect(await page.locator('.brand').textContent()).toContain('Lovelace & Sons')
      expect(await page.locator('.brand img').getAttribute('src')).toBe('https://cdn.example.com/logo.svg')
      await expect.poll(() => page.locator('.brand img').boundingBox()).toMatchObject({ width: 84, height: 28 })
      const styles = await page.evaluate(() => {
        const read = (selector: string) => getComputedStyle(document.querySelector(selector) ?? document.body)
        return {
          ground: read('body').backgroundColor,
          font: read('body').fontFamily.split(',')[0],
          radius: read('.card').borderRadius,
          shadow: read('.card').boxShadow,
        }
      })
      expect(styles).toEqual({ ground, font: 'Georgia', radius: '4px', shadow: 'none' })
      if (scheme === 'light')
        expect(await button.evaluate((it) => getComputedStyle(it).backgroundColor)).toBe('rgb(124, 45, 146)')
      expect(await findBarriers(page)).toEqual([])
    },
  )
})
