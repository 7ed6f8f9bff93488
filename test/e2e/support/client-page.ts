import { fileURLToPath, URL } from 'node:url'
import { build } from 'esbuild'
import type { BrowserContext, Page } from 'playwright-core'
import type * as Postern from '../../../src/client/index.ts'

/** What a page of these tests has: the client as a page would import it, and one that it made. */
export interface ClientWindow {
  Postern: typeof Postern
  auth: Postern.Client
  /** Each session that the page was told of. */
  heard: string[]
  /** What was asked for at each step-up. */
  steppedUp: unknown[]
}

/** Bundles the client as an app's bundler does, into one script that any page can run. */
export async function bundleClient(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../../src/client/index.ts', import.meta.url))],
    bundle: true,
    format: 'iife',
    globalName: 'Postern',
    target: 'es2022',
    minify: true,
    write: false,
  })
  return `${outputFiles[0]?.text ?? ''}\nglobalThis.Postern = Postern`
}

interface Wishes {
  baseUrl: string
  password: string
  delivery?: 'cookie' | 'body'
}

/** Gives every page of a browser context the client, made when the page is loaded, as an app makes it. */
export async function installClient(context: BrowserContext, script: string, wishes: Wishes): Promise<void> {
  await context.addInitScript(script)
  await context.addInitScript((wishes) => {
    const page = globalThis as unknown as ClientWindow
    page.heard = []
    page.steppedUp = []
    page.auth = page.Postern.createClient({
      ...wishes,
      async onStepUp(needed) {
        page.steppedUp.push(needed)
        await page.auth.stepUp({ method: 'password', password: wishes.password })
        return true
      },
    })
    page.auth.onSessionChange(({ status }) => page.heard.push(status))
  }, wishes)
}

/** Runs code in a page, with the client of the page. Its failure is answered as `{ code }`. */
export async function inPage<Result, Argument = undefined>(
  page: Page,
  code: (window: ClientWindow, argument: Argument) => Promise<Result> | Result,
  argument?: Argument,
): Promise<Result> {
  return (await page.evaluate(
    async ({ source, argument }) => {
      const run = new Function(`return (${source})`)() as (window: unknown, argument: unknown) => Promise<unknown>
      try {
        return await run(globalThis, argument)
      } catch (error) {
        return { code: (error as { code?: string }).code ?? String(error) }
      }
    },
    { source: code.toString(), argument },
  )) as Result
}
