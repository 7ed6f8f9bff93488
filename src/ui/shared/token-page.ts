import { translate, translatePage } from '../texts/translate.ts'
import { type Problem, post } from './api.ts'
import { byId, show } from './dom.ts'
import { explain, say, showDone, whileBusy } from './feedback.ts'
import { enablePasswordReveal, markWrongFields, readFields } from './fields.ts'
import { reloadForNextLink, takeLinkToken } from './link-token.ts'

interface TokenPage {
  /** The path that redeems the token, or address and code. */
  action: string
  /** The path that mails a new token; null where only somebody who is signed in may ask for one. */
  resend: string | null
}

/**
 * Runs a page that a mail leads to. Opening the page redeems nothing, because scanners follow links; a person has to
 * press a button.
 */
export function runTokenPage({ action, resend }: TokenPage): void {
  translatePage()
  enablePasswordReveal()
  let token = takeLinkToken()
  const linkProblem = resend === null ? 'problem.link.final' : 'problem.link'
  const form = byId('form', HTMLFormElement)
  const submit = byId('submit', HTMLButtonElement)

  const askForCode = () => {
    token = null
    const fields = byId('code-fields', HTMLFieldSetElement)
    fields.disabled = false
    show(fields, true)
    show(byId('use-code', HTMLElement), false)
    if (resend !== null) show(byId('resend', HTMLElement), true)
    byId('intro', HTMLElement).textContent = translate('code.intro')
  }

  const refuse = (problem: Problem) => {
    const linkFailed = problem.code === 'invalid_token' && token !== null
    say('problem', explain(problem, linkFailed ? linkProblem : 'problem.code'))
    if (linkFailed) askForCode()
    markWrongFields(problem)
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const values = readFields()
    if (values === null) return
    const problem = await whileBusy(submit, () => post(action, token === null ? values : { ...values, token }))
    if (problem !== null) {
      refuse(problem)
      return
    }
    showDone()
  })

  byId('use-code', HTMLButtonElement).addEventListener('click', () => {
    say('problem', null)
    askForCode()
    byId('email', HTMLInputElement).focus()
  })
  if (token === null) askForCode()
  reloadForNextLink()
  // A browser may keep the whole page for going back. The token is removed, so that whoever uses the browser next does
  // not find it there.
  addEventListener('pagehide', askForCode)
  if (resend === null) return
  const again = byId('resend', HTMLButtonElement)
  again.addEventListener('click', async () => {
    const values = readFields(['email'])
    if (values === null) return
    const problem = await whileBusy(again, () => post(resend, values))
    if (problem !== null) {
      refuse(problem)
      return
    }
    say('problem', null)
    say('news', translate('code.resent'))
  })
}
