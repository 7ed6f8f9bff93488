import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from 'playwright-core'

const script = readFile(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Nothing is described that a page does well, and no style is read for rules that are not among these. */
const OPTIONS = JSON.stringify({ resultTypes: ['violations'], preload: { assets: ['media'] } })

interface Finding {
  id: string
  nodes: { target: string[] }[]
}

/** One session a page, which stays: to end one ends the software authenticators of the others too. */
const sessions = new WeakMap<Page, CDPSession>()

async function sessionOf(page: Page): Promise<CDPSession> {
  const session = sessions.get(page) ?? (await page.context().newCDPSession(page))
  sessions.set(page, session)
  return session
}

/**
 * Names what axe finds on the page as it is now, with the elements. It runs in a world of its own, so the policy of the
 * page is as strict as ever and sees nothing of it.
 */
export async function findBarriers(page: Page): Promise<string[]> {
  const session = await sessionOf(page)
  const { frameTree } = await session.send('Page.getFrameTree')
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
    worldName: 'axe',
  })
  const evaluate = (expression: string) =>
    session.send('Runtime.evaluate', { contextId, expression, awaitPromise: true, returnByValue: true })
  // The world is the same until the page is left, and reading the script takes as long as looking at a page.
  const { result: loaded } = await evaluate('typeof axe')
  if (loaded.value === 'undefined') await evaluate(await script)
  const { result } = await evaluate(`axe.run(document, ${OPTIONS}).then(({ violations }) => violations)`)
  return (result.value as Finding[]).flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}
