import { Dialog } from '../../parts/dialog.tsx'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { common } from '../../texts/common/index.ts'
import { text as consoleText } from '../../texts/console/index.ts'
import { text } from '../../texts/operations/index.ts'
import { announce } from '../parts/announce.tsx'

/** Shows the secret of an endpoint, which nobody can read again. */
export function Secret({ secret, onClose }: { secret: string; onClose(): void }) {
  const work = useWork()
  const copy = async () => {
    await navigator.clipboard.writeText(secret)
    announce(consoleText('copied'))
  }
  return (
    <Dialog title={text('hooks.secret.title')} onClose={onClose}>
      <p class="lead">{text('hooks.secret.lead')}</p>
      <p class="notice mono">{secret}</p>
      <Problem trouble={work.trouble} />
      <Action class="primary" work={work} onPress={copy}>
        {consoleText('copy')}
      </Action>
      <button class="quiet" type="button" onClick={onClose}>
        {common('close')}
      </button>
    </Dialog>
  )
}
