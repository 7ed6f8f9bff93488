import { translatePage } from '../texts/translate.ts'
import { post } from './api.ts'
import { byId, show } from './dom.ts'
import { explain, say, showDone, whileBusy } from './feedback.ts'
import { reloadForNextLink, takeLinkToken } from './link-token.ts'

/**
 * Runs a page that a mail leads to and that has no code beside the link. Opening the page does nothing, because
 * scanners follow links; a person has to press the button, which sends the token to `action`.
 */
export function runLinkPage(action: string): void {
  translatePage()
  let token = takeLinkToken()
  const submit = byId('submit', HTMLButtonElement)

  const giveUp = () => {
    token = null
    show(submit, false)
    say('problem', explain({ code: 'invalid_token', errors: [], retryAfterSeconds: 0 }, 'problem.link.alone'))
  }

  byId('form', HTMLFormElement).addEventListener('submit', async (event) => {
    event.preventDefault()
    if (token === null) return
    const shown = token
    const problem = await whileBusy(submit, () => post(action, { token: shown }))
    if (problem === null) showDone()
    else if (problem.code === 'invalid_token') giveUp()
    else say('problem', explain(problem, 'problem.link.alone'))
  })
  if (token === null) giveUp()
  reloadForNextLink()
  // A browser may keep the whole page for going back. The token is removed, so that whoever uses the browser next does
  // not find it there.
  addEventListener('pagehide', giveUp)
}
