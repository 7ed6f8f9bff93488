import { translate, translatePage } from '../texts/translate.ts'
import { type Problem, post } from './api.ts'
import { byId, show } from './dom.ts'
import { enablePasswordReveal, FIELD_NAMES, focusFirstWrongField, markField, readFields } from './fields.ts'
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
    say('problem', explain(problem, linkFailed, resend !== null))
    for (const name of FIELD_NAMES) markField(name, messageFor(problem, name))
    if (linkFailed) askForCode()
    focusFirstWrongField()
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
    show(byId('ask', HTMLElement), false)
    const done = byId('done', HTMLElement)
    show(done, true)
    done.focus()
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

/** Says in a live region what happened. */
function say(region: 'problem' | 'news', text: string | null): void {
  const element = byId(region, HTMLElement)
  element.textContent = text ?? ''
  show(element, text !== null)
  if (region === 'problem') say('news', null)
}

async function whileBusy<Answer>(button: HTMLButtonElement, work: () => Promise<Answer>): Promise<Answer> {
  button.disabled = true
  button.setAttribute('aria-busy', 'true')
  try {
    return await work()
  } finally {
    button.disabled = false
    button.removeAttribute('aria-busy')
  }
}

function messageFor(problem: Problem, name: string): string | null {
  return problem.errors.find(({ path }) => path.split('.').at(-1) === name)?.message ?? null
}

function explain(problem: Problem, linkFailed: boolean, canResend: boolean): string {
  switch (problem.code) {
    case 'invalid_token':
      if (!linkFailed) return translate('problem.code')
      return translate(canResend ? 'problem.link' : 'problem.link.final')
    case 'invalid_request':
      return translate('problem.input')
    case 'rate_limited':
    case 'login_throttled': {
      const seconds = problem.retryAfterSeconds
      return seconds > 90
        ? translate('problem.minutes', Math.ceil(seconds / 60))
        : translate('problem.seconds', Math.max(seconds, 1))
    }
    case 'offline':
      return translate('problem.offline')
    case 'dependency_unavailable':
      return translate('problem.unavailable')
    default:
      return translate('problem.other')
  }
}
