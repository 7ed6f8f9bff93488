import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Route } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD } from '../support/account-page.ts'
import { findBarriers } from '../support/axe.ts'
import { type ConsolePage, makeFirstAdmin, openConsole } from '../support/console-page.ts'
import { query } from '../support/mail-service.ts'
import { browser, service, useServiceAndBrowser } from '../support/service-and-browser.ts'
import { makeLoginsOld } from '../support/sign-up.ts'

const folder = mkdtempSync(join(tmpdir(), 'postern-console-import-'))
useServiceAndBrowser()
beforeAll(async () => {
  await makeFirstAdmin(browser, service)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0
function write(lines: readonly (object | string)[]): string {
  files += 1
  const file = join(folder, `people-${files}.ndjson`)
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''))
  return file
}
const people = (count: number, kind: string) =>
  Array.from({ length: count }, (_, nth) => ({ email: `${kind}${nth}@import.example` }))
const countOf = (kind: string) =>
  query(service, 'select count(*) as count from users where email like ?', `${kind}%@import.example`)[0]?.count

const openImport = () =>
  openConsole(browser, service, { query: '?section=import', viewport: { width: 320, height: 800 } })
const choose = ({ page }: ConsolePage, file: string) => page.getByLabel('File of accounts').setInputFiles(file)
const stage = ({ page }: ConsolePage, name: string) => page.getByRole('heading', { level: 2, name }).waitFor()
/** Reads what stands beside a name in the figures of the import. */
const figure = ({ page }: ConsolePage, name: string) =>
  page
    .locator('.import dl > div')
    .filter({ has: page.getByText(name, { exact: true }) })
    .locator('dd')
    .innerText()

/** Answers a request as the service does that has taken all of its lines. */
const take = (imported: number) => (route: Route) =>
  route.fulfill({ json: { imported, skipped: 0, errors: [], nextLine: null } })
const isImport = ({ pathname }: URL) => pathname === '/users/import'

describe('The import of the console', () => {
  it('checks the file first, names what is wrong, and imports the rest when it is told to', async () => {
    const at = await openImport()
    const { page, faults, press } = at
    expect(await findBarriers(page)).toEqual([])
    await choose(at, write([...people(3, 'first'), 'not JSON', { email: 'first9@import.example', username: '-' }]))
    await stage(at, 'Ready to be checked')
    expect(await findBarriers(page)).toEqual([])
    await press('Check the file')
    await stage(at, 'The check is done')
    expect(await figure(at, 'Would be imported')).toBe('3')
    expect(await figure(at, 'Refused')).toBe('2')
    expect(countOf('first')).toBe(0)
    await page.getByRole('row').filter({ hasText: 'The username is not 3 to 32 letters and digits.' }).waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await findBarriers(page)).toEqual([])
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
    const [report] = await Promise.all([page.waitForEvent('download'), press('Download the report (CSV)')])
    expect(report.suggestedFilename()).toMatch(/^people-\d+\.ndjson-errors\.csv$/)
    expect(await readFile(await report.path(), 'utf8')).toBe('line,code\r\n4,invalid_json\r\n5,invalid_username\r\n')

    await press('Import 3 accounts …')
    await page.getByRole('dialog', { name: 'Import 3 accounts?' }).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await press('Import them')
    await stage(at, 'The import is done')
    expect(await figure(at, 'Imported')).toBe('3')
    expect(countOf('first')).toBe(3)
    expect(await page.locator('.import h2').evaluate((it) => it === document.activeElement)).toBe(true)
    expect(faults).toEqual([])
  })

  it('asks for a proof where the sign-in is old, and goes on then', async () => {
    const at = await openImport()
    const { page, faults, press } = at
    await choose(at, write(people(2, 'proof')))
    makeLoginsOld(service)
    await press('Check the file')
    const proof = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await proof.getByRole('button', { name: 'Cancel' }).click()
    await stage(at, 'The check has stopped')
    await page.getByRole('alert').getByText('you did not confirm that it is you').waitFor()
    expect(await findBarriers(page)).toEqual([])
    await press('Go on')
    await proof.getByLabel('Confirm with your password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await stage(at, 'The check is done')
    expect(faults).toEqual([])
  })

  it('stops behind the request that is under way, and goes on there, also after the page was loaded anew', async () => {
    const at = await openImport()
    const { page, faults, press } = at
    const file = write(people(12_000, 'long'))
    // The file takes three requests.
    await page.route(isImport, take(4000))
    await choose(at, file)
    await press('Check the file')
    await stage(at, 'The check is done')
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    let requests = 0
    await page.unroute(isImport)
    await page.route(isImport, async (route) => {
      requests += 1
      if (requests === 2) await held
      await take(4000)(route)
    })
    await press('Import 12,000 accounts …')
    await press('Import them')
    await stage(at, 'The import is running')
    await expect.poll(() => requests).toBe(2)
    expect(await figure(at, 'Lines')).toMatch(/^5,000/)
    expect(await findBarriers(page)).toEqual([])
    await press('Stop')
    release()
    await stage(at, 'The import has stopped')
    await page.getByText('Line 10,000 was the last that was taken.').waitFor()

    await page.reload()
    await choose(at, file)
    await stage(at, 'The import has stopped')
    await press('Go on')
    await stage(at, 'The import is done')
    expect([requests, await figure(at, 'Imported')]).toEqual([3, '12,000'])
    await press('Another file')
    await choose(at, file)
    await stage(at, 'Ready to be checked')
    expect(faults).toEqual([])
  })

  it('warns before it is left, and goes on while the reader looks at another section', async () => {
    const at = await openImport()
    const { page, faults, press } = at
    let release = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    await page.route(isImport, async (route) => {
      await held
      await take(5)(route)
    })
    await choose(at, write(people(5, 'left')))
    await press('Check the file')
    await stage(at, 'The file is being checked')
    const warning = page.waitForEvent('dialog')
    await page.close({ runBeforeUnload: true })
    const dialog = await warning
    expect(dialog.type()).toBe('beforeunload')
    await dialog.dismiss()
    await press('Menu')
    await page.getByRole('link', { name: 'Roles' }).click()
    await page.getByRole('heading', { level: 1, name: 'Roles' }).waitFor()
    release()
    await page.goBack()
    await stage(at, 'The check is done')
    expect(await figure(at, 'Would be imported')).toBe('5')
    expect(faults).toEqual([])
  })

  it('waits where the service asks for it, and stops where the network is gone', async () => {
    const at = await openImport()
    const { page, faults, press, hear } = at
    const answers: ((route: Route) => Promise<void>)[] = [
      ...[429, 503].map((status) => (route: Route) => {
        const code = status === 429 ? 'rate_limited' : 'dependency_unavailable'
        const headers = { 'Retry-After': '1' }
        return route.fulfill({ status, headers, contentType: 'application/problem+json', json: { code, status } })
      }),
      (route) => route.abort(),
    ]
    await page.route(isImport, async (route) => await (answers.shift() ?? take(2))(route))
    await choose(at, write(people(2, 'wait')))
    await press('Check the file')
    await hear('The service asks for a pause. It goes on by itself in 1 seconds.')
    await stage(at, 'The check has stopped')
    await page.getByRole('alert').getByText('The service cannot be reached.').waitFor()
    await press('Go on')
    await stage(at, 'The check is done')
    expect(faults).toEqual([])
  })

  it('sends nothing of a file that has no lines', async () => {
    const at = await openImport()
    const { page, faults, press } = at
    const buffer = Buffer.alloc(9 * 1024 * 1024)
    await page.getByLabel('File of accounts').setInputFiles({ name: 'photo.jpg', mimeType: 'image/jpeg', buffer })
    await press('Check the file')
    await page.getByRole('alert').getByText('This file has no lines.').waitFor()
    expect(faults).toEqual([])
  })
})
