import { useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { download } from '../parts/download.ts'
import { Action, Field, Form, Problem, Submit, Success, useWork, type Values } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import { Section } from './section.tsx'

interface DataProps {
  user: User
  /** The account is about to be deleted, or, with false, that was refused. */
  onDeleting(isDeleting: boolean): void
  onDeleted(): void
}

/** What is stored about the person: to take along, and to delete. */
export function Data(props: DataProps) {
  const [isDeleting, setDeleting] = useState(false)
  const exporting = useWork()
  const takeAlong = async () => {
    const stored = await client.request('GET /auth/me/export')
    download('account.json', JSON.stringify(stored, null, 2), 'application/json')
  }
  return (
    <Section id="data" title={text('data')}>
      <div class="block">
        <h3>{text('export')}</h3>
        <p class="hint">{text('export.lead')}</p>
        <Problem trouble={exporting.trouble} />
        <Action class="secondary" work={exporting} onPress={takeAlong}>
          {text('export.submit')}
        </Action>
        <Success work={exporting}>{text('export.done')}</Success>
      </div>
      <div class="block">
        <h3>{text('delete')}</h3>
        <p class="hint">{text('delete.lead')}</p>
        <button class="secondary danger" type="button" onClick={() => setDeleting(true)}>
          {text('delete.begin')}
        </button>
        {isDeleting && (
          <Dialog title={text('delete.title')} onClose={() => setDeleting(false)}>
            <Deletion {...props} onClose={() => setDeleting(false)} />
          </Dialog>
        )}
      </div>
    </Section>
  )
}

function Deletion({ user, onDeleting, onDeleted, onClose }: DataProps & { onClose(): void }) {
  const work = useWork()
  const remove = async ({ confirmation = '' }: Values) => {
    if (confirmation.trim().toLowerCase() !== user.email.toLowerCase())
      return work.say({ text: '', fields: { confirmation: text('delete.mismatch') } })
    onDeleting(true)
    try {
      await client.request('DELETE /auth/me', { body: {} })
      onDeleted()
    } catch (error) {
      onDeleting(false)
      throw error
    }
  }
  return (
    <Form work={work} onSubmit={remove}>
      <p>{text('delete.warning')}</p>
      <Field
        name="confirmation"
        label={text('delete.confirm', { email: user.email })}
        work={work}
        autocomplete="off"
        hasFocus
      />
      <Submit work={work} isDanger>
        {text('delete.submit')}
      </Submit>
      <button class="quiet" type="button" onClick={onClose}>
        {common('cancel')}
      </button>
    </Form>
  )
}
