import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'

const SCRIPT = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'))

interface Finding {
  id: string
  nodes: { target: string[] }[]
}

/**
 * Names what axe finds on the page as it is now, with the elements. It runs in a world of its own, so the policy of the
 * page is as strict as ever and sees nothing of it.
 */
export async function findBarriers(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page)
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
  await session.detach()
  return (result.value as Finding[]).flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}
