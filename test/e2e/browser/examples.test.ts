import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type ClientPackage, packClient } from '../support/client-package.ts'
import { recordFaults } from '../support/faults.ts'
import { findFreePort, type Service, startService } from '../support/service.ts'
import { browser, useBrowser } from '../support/service-and-browser.ts'
import { makeLoginsOld, signUpAt } from '../support/sign-up.ts'
import { type StaticServer, startStaticServer } from '../support/static-server.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const PASSWORD = 'four unrelated words here'

let client: ClientPackage
let service: Service
let plain: StaticServer
let react: StaticServer

useBrowser()
beforeAll(async () => {
  ;[plain, react, client] = await Promise.all([startStaticServer(), startStaticServer(), packClient()])
  const variables = ['RATE_LIMITS:off', `ALLOWED_ORIGINS:${plain.origin},${react.origin}`]
  service = await startService(...variables.flatMap((variable) => ['--var', variable]))
})
afterAll(async () => {
  await service?.stop()
  await Promise.all([plain?.close(), react?.close(), client?.remove()])
})

async function signIn(page: Page): Promise<string> {
  const email = await signUpAt(service.origin, PASSWORD)
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The name or the password is wrong').waitFor()
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  return email
}

describe('examples/spa-react', () => {
  beforeAll(async () => {
    const others = ['vite', 'typescript', 'react', 'react-dom', '@types/react', '@types/react-dom']
    const project = await client.installInto('spa-react', ...others)
    await project.run('vite/bin/vite.js', ['build', '--logLevel', 'error'], { VITE_AUTH_URL: service.origin })
    react.serve(join(project.folder, 'dist'))
  })

  it('signs in with cookies, keeps its tabs in step, steps up, and signs out', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    const faults = recordFaults(page, react.origin, service.origin)
    await page.goto(react.origin)
    const email = await signIn(page)
    await page.getByRole('heading', { name: `Hello, ${email}` }).waitFor()

    const other = await context.newPage()
    await other.goto(react.origin)
    await page.getByLabel('Name').fill('Ada')
    await page.getByRole('button', { name: 'Save' }).click()
    await other.getByRole('heading', { name: 'Hello, Ada' }).waitFor()

    makeLoginsOld(service)
    await page.getByRole('button', { name: 'Add an authenticator app' }).click()
    await page.getByLabel('Your password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('Type this into your app').waitFor()

    await other.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    expect(faults).toEqual([])
  })
})

describe.each([
  ['node-api', startNodeApi],
  ['worker-api', startWorkerApi],
])('examples/plain-html with examples/%s', (_, start) => {
  let api: ChildProcess
  beforeAll(async () => {
    const port = await findFreePort()
    api = start(port)
    const origin = `http://localhost:${port}`
    await vi.waitUntil(async () => (await fetch(origin).catch(() => null))?.status === 401, {
      timeout: 120_000,
      interval: 200,
    })
    const { folder } = await client.installInto('plain-html')
    plain.serve(folder, { 'http://localhost:8787': service.origin, 'http://localhost:5175': origin })
  })
  afterAll(() => void api.kill('SIGTERM'))

  it('signs in, is known to the API, and signs out', async () => {
    const page = await browser.newPage()
    await page.goto(plain.origin)
    await page.getByText('Signed out.').waitFor()
    const email = await signIn(page)
    await page.getByText(`Signed in as ${email}.`).waitFor()
    await page.getByRole('button', { name: 'Call the API' }).click()
    await page.getByText(/The API knows you as [\w-]{36}\./).waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('Signed out.').waitFor()
    expect(await page.context().cookies()).toEqual([])
  })
})

function startNodeApi(port: number): ChildProcess {
  const env = { ...process.env, ISSUER: service.origin, APP: plain.origin, PORT: String(port) }
  return spawn(process.execPath, [join(ROOT, 'examples/node-api/server.js')], { env, stdio: 'ignore' })
}

function startWorkerApi(port: number): ChildProcess {
  const args = ['dev', '--port', String(port), '--inspector-port', '0', '--var', `APP:${plain.origin}`]
  const wrangler = join(ROOT, 'node_modules/wrangler/bin/wrangler.js')
  return spawn(process.execPath, [wrangler, ...args], { cwd: join(ROOT, 'examples/worker-api'), stdio: 'ignore' })
}
