import { useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Field, Success, useWork, type Values } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { Change } from './change.tsx'

/** Changes the address. Nothing changes before the link that goes to the new one is opened. */
export function Email({ user }: { user: User }) {
  const [sentTo, setSentTo] = useState('')
  const work = useWork()
  const change = async (values: Values) => {
    const newEmail = (values.newEmail ?? '').trim()
    await client.request('POST /auth/change-email', { body: { newEmail } })
    setSentTo(newEmail)
  }
  return (
    <Change
      title={text('email')}
      about={<p class="value">{user.email}</p>}
      section="sign-in"
      open={text('email.change')}
      submit={text('email.submit')}
      work={work}
      onSubmit={change}
      fields={
        <Field
          name="newEmail"
          label={text('email.new')}
          hint={text('email.hint')}
          work={work}
          type="email"
          autocomplete="email"
          hasFocus
        />
      }
    >
      <Success work={work}>{text('email.sent', { email: sentTo, current: user.email })}</Success>
    </Change>
  )
}
