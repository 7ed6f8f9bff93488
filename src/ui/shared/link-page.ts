import { translatePage } from '../texts/translate.ts'
import { post } from './api.ts'
import { byId, show } from './dom.ts'
import { explain, say, showDone, whileBusy } from './feedback.ts'
import { enablePasswordReveal, markWrongFields, readFields } from './fields.ts'
import { reloadForNextLink, takeLinkToken } from './link-token.ts'

/**
 * Runs a page that a link leads to which has no code beside it. Opening the page does nothing, because
 * scanners follow links; a person has to press the button, which sends the token, and a
 * password where the page asks for one, to `action`.
 */
export function runLinkPage(action: string): void {
  translatePage()
  enablePasswordReveal()
  let token = takeLinkToken()
  const form = byId('form', HTMLFormElement)
  const submit = byId('submit', HTMLButtonElement)

  const giveUp = () => {
    token = null
    form.reset()
    show(form, false)
    say('problem', explain({ code: 'invalid_token', errors: [], retryAfterSeconds: 0 }, 'problem.link.alone'))
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const values = readFields()
    if (token === null || values === null) return
    const sent = { ...values, token }
    const problem = await whileBusy(submit, () => post(action, sent))
    if (problem === null) return showDone()
    if (problem.code === 'invalid_token') return giveUp()
    say('problem', explain(problem, 'problem.link.alone'))
    markWrongFields(problem)
  })
  if (token === null) giveUp()
  reloadForNextLink()
  // A browser may keep the whole page for going back. What was typed and the token are removed, so that whoever uses
  // the browser next does not find them there.
  addEventListener('pagehide', giveUp)
}
