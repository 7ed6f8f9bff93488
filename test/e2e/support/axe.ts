import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { CDPSession, Page } from 'playwright-core'

const SCRIPT = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'))

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
  })
  await session.send('Runtime.evaluate', { contextId, expression: await readFile(SCRIPT, 'utf8') })
  const { result } = await session.send('Runtime.evaluate', {
    contextId,
    expression: 'axe.run(document).then(({ violations }) => violations)',
    awaitPromise: true,
    returnByValue: true,
  })
  return (result.value as Finding[]).flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}
