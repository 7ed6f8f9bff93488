import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/operations/index.ts'
import { announce } from '../parts/announce.tsx'
import { Badge } from '../parts/show.tsx'

/** Sends a mail again that was given up. */
export function Retry({ mailId, kind }: { mailId: string; kind: string }) {
  const work = useWork()
  const retry = async () => {
    await client.request('POST /mails/{id}/retry', { path: { id: mailId } })
    announce(text('mails.retried'))
  }
  if (work.isDone)
    return (
      <span tabIndex={-1} ref={focus}>
        <Badge kind="good">{text('mails.sent')}</Badge>
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
