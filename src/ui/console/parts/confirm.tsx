import { Dialog } from '../../parts/dialog.tsx'
import { Field, Form, Submit, useWork, type Values } from '../../parts/form.tsx'
import { common } from '../../texts/common/index.ts'
import { text } from '../../texts/console/index.ts'

interface ConfirmProps {
  title: string
  lead: string
  /** What the button says that does it. */
  action: string
  /** What has to be typed first, where the act cannot be undone. */
  typed?: string
  onConfirm(): Promise<unknown>
  onClose(): void
}

/** Asks before something that cannot be undone. It closes when that is done. */
export function Confirm({ title, lead, action, typed, onConfirm, onClose }: ConfirmProps) {
  const work = useWork()
  const confirm = async ({ typed: given = '' }: Values) => {
    if (typed !== undefined && given.trim() !== typed)
      return work.say({ text: '', fields: { typed: text('confirm.wrong') } })
    await onConfirm()
    onClose()
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="lead">{lead}</p>
      <Form work={work} onSubmit={confirm}>
        {typed !== undefined && (
          <Field name="typed" label={text('confirm.type', { typed })} work={work} autocomplete="off" hasFocus />
        )}
        <div class="danger">
          <Submit work={work}>{action}</Submit>
        </div>
        <button class="quiet" type="button" disabled={work.isBusy} onClick={onClose}>
          {common('cancel')}
        </button>
      </Form>
    </Dialog>
  )
}
