import { useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Field, Form, Submit, Success, useWork } from '../parts/form.tsx'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import { focusSection } from './section.tsx'
import type { User } from './session.ts'

/** Changes the address. Nothing changes before the link that goes to the new one is opened. */
export function Email({ user }: { user: User }) {
  const [isOpen, setOpen] = useState(false)
  const [sentTo, setSentTo] = useState('')
  const work = useWork()
  const close = () => {
    setOpen(false)
    focusSection('sign-in')
  }
  const change = async (values: Readonly<Record<string, string>>) => {
    const newEmail = (values.newEmail ?? '').trim()
    await client.request('POST /auth/change-email', { body: { newEmail } })
    setSentTo(newEmail)
    close()
  }
  return (
    <div class="block">
      <h3>{text('email')}</h3>
      <p class="value">{user.email}</p>
      {isOpen ? (
        <Form work={work} onSubmit={change}>
          <Field
            name="newEmail"
            label={text('email.new')}
            hint={text('email.hint')}
            work={work}
            type="email"
            autocomplete="email"
            hasFocus
          />
          <div class="buttons">
            <Submit work={work}>{text('email.submit')}</Submit>
            <button class="quiet" type="button" onClick={close}>
              {common('cancel')}
            </button>
          </div>
        </Form>
      ) : (
        <button
          class="secondary"
          type="button"
          onClick={() => {
            work.reset()
            setOpen(true)
          }}
        >
          {text('email.change')}
        </button>
      )}
      <Success work={work}>{text('email.sent', { email: sentTo, current: user.email })}</Success>
    </div>
  )
}
