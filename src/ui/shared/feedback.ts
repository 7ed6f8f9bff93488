import type { TextKey } from '../texts/en.ts'
import { translate } from '../texts/translate.ts'
import type { Problem } from './api.ts'
import { byId, show } from './dom.ts'

/** Says in a live region what happened. */
export function say(region: 'problem' | 'news', text: string | null): void {
  const element = byId(region, HTMLElement)
  element.textContent = text ?? ''
  show(element, text !== null)
  if (region === 'problem') say('news', null)
}

/** Does some work while a button cannot be pressed again. */
export async function whileBusy<Answer>(button: HTMLButtonElement, work: () => Promise<Answer>): Promise<Answer> {
  button.disabled = true
  button.setAttribute('aria-busy', 'true')
  try {
    return await work()
  } finally {
    button.disabled = false
    button.removeAttribute('aria-busy')
  }
}

/** Puts a problem into words. `invalidToken` is what the page says about a link or a code that is not valid. */
export function explain(problem: Problem, invalidToken: TextKey): string {
  switch (problem.code) {
    case 'invalid_token':
      return translate(invalidToken)
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

/** Shows, instead of the question, that everything is done. */
export function showDone(): void {
  show(byId('ask', HTMLElement), false)
  const done = byId('done', HTMLElement)
  show(done, true)
  done.focus()
}
