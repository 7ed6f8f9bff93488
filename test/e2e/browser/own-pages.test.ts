import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findBarriers } from '../support/axe.ts'
import { type ClientPackage, packClient } from '../support/client-package.ts'
import { recordFaults } from '../support/faults.ts'
import { waitForMail } from '../support/mailbox.ts'
import { type Service, startService } from '../support/service.ts'
import { browser, useBrowser } from '../support/service-and-browser.ts'
import { signUpAt } from '../support/sign-up.ts'
import { type StaticServer, startStaticServer } from '../support/static-server.ts'

const PASSWORD = 'four unrelated words here'
const NEW_PASSWORD = 'four other words instead'

let app: StaticServer
let client: ClientPackage
let service: Service
let page: Page
let faults: string[]

useBrowser()
beforeAll(async () => {
  ;[app, client] = await Promise.all([startStaticServer(), packClient()])
  const variables = ['RATE_LIMITS:off', `APP_URL:${app.origin}`, `ALLOWED_ORIGINS:${app.origin}`]
  service = await startService(...variables.flatMap((variable) => ['--var', variable]))
  const project = await client.installInto('own-pages', 'vite', 'typescript')
  await project.run('typescript/bin/tsc')
  await project.run('vite/bin/vite.js', ['build', '--logLevel', 'error'], { VITE_AUTH_URL: service.origin })
  app.serve(join(project.folder, 'dist'))
})
afterAll(async () => {
  await service?.stop()
  await Promise.all([app?.close(), client?.remove()])
})
beforeEach(async () => {
  page = await browser.newPage()
  faults = recordFaults(page, app.origin, service.origin)
})
afterEach(async () => {
  expect(faults).toEqual([])
})

async function fill(fields: Record<string, string>, button: string): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label, { exact: true }).fill(value)
  expect(await findBarriers(page)).toEqual([])
  await page.getByRole('button', { name: button, exact: true }).click()
}

const signIn = (email: string, password: string) => fill({ 'E-mail address': email, Password: password }, 'Sign in')

const linkTo = async (email: string, path: string) => (await waitForMail(service.origin, email, path)).link

describe('examples/own-pages, at APP_URL', () => {
  it('signs up, confirms the address by the mailed link once a person says so, and signs in and out', async () => {
    const email = `${crypto.randomUUID()}@example.com`
    await page.goto(`${app.origin}/sign-up`)
    await fill({ 'E-mail address': email, 'New password': PASSWORD }, 'Sign up')
    await page.getByText('We have mailed you a link.').waitFor()

    const link = await linkTo(email, '/verify-email')
    expect(link).toMatch(`${app.origin}/verify-email#token=`)
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url(), request.headers().referer ?? ''))
    await page.goto(link)
    await page.getByRole('heading', { name: 'Confirm your address' }).waitFor()
    expect(page.url()).toBe(`${app.origin}/verify-email`)
    expect(asked.filter((url) => url.startsWith(service.origin))).toEqual([])
    await fill({}, 'Confirm')
    await page.getByText('Your address is confirmed.').waitFor()
    expect(asked.filter((text) => text.includes('token='))).toEqual([])

    await page.getByRole('link', { name: 'Sign in' }).click()
    await signIn(email, 'not the password')
    await page.getByText('The name or the password is wrong').waitFor()
    await signIn(email, PASSWORD)
    await page.getByText(`You are signed in as ${email}.`).waitFor()
    await page.reload()
    await page.getByText(`You are signed in as ${email}.`).waitFor()
    expect(await findBarriers(page)).toEqual([])
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  })

  it('sets a new password by the mailed link, once, and undoes by the link of the notice what was not the owner', async () => {
    const email = await signUpAt(service.origin, PASSWORD)
    await page.goto(`${app.origin}/forgot-password`)
    await fill({ 'E-mail address': email }, 'Mail me a link')
    await page.getByText('If the address has an account').waitFor()
    const link = await linkTo(email, '/reset-password')
    await page.goto(link)
    await fill({ 'New password': 'short' }, 'Save')
    await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor()
    await fill({ 'New password': NEW_PASSWORD }, 'Save')
    await page.getByText('Your new password is set.').waitFor()

    await page.goto(link)
    await fill({ 'New password': NEW_PASSWORD }, 'Save')
    await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor()

    await page.goto(await linkTo(email, '/not-me'))
    await fill({}, 'Secure my account')
    await page.getByText('Everybody is signed out').waitFor()
  })
})
