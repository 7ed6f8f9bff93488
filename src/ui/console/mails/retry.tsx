import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/operations/index.ts'
import { announce } from '../parts/announce.tsx'
import { Badge } from '../parts/show.tsx'

/** Sends a mail again that was given up. */
export function Retry({ mailId, kind, isSentAgain }: { mailId: string; kind: string; isSentAgain: boolean }) {
  const work = useWork()
  const retry = async () => {
    await client.request('POST /mails/{id}/retry', { path: { id: mailId } })
    announce(text('mails.retried'))
  }
  const sent = <Badge kind="good">{text('mails.sent')}</Badge>
  if (isSentAgain) return sent
  if (work.isDone)
    return (
      <span tabIndex={-1} ref={focus}>
        {sent}
      </span>
    )
  return (
    <>
      <Problem trouble={work.trouble} />
      <Action class="small" work={work} onPress={retry} label={`${text('mails.retry')}: ${kind}`}>
        {text('mails.retry')}
      </Action>
    </>
  )
}

/** What takes the place of the button takes its focus as well, unless somebody has moved on meanwhile. */
function focus(element: HTMLElement | null): void {
  if (document.activeElement === document.body) element?.focus()
}
