import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Field, Form, Submit, useWork, type Values } from '../../parts/form.tsx'
import { proveAddress } from './prove-address.ts'

/** `BOOTSTRAP_ADMIN_EMAIL` of the environment `development` in wrangler.toml: it becomes admin once it is proven. */
const FIRST_ADMIN_EMAIL = 'admin@example.com'

/**
 * Makes the first administrator of a service in development, and signs them in. It does only what anybody could do by
 * hand with the mailbox of development, so it needs no route of its own that makes an administrator.
 */
export function FirstAdmin() {
  const work = useWork()
  const [progress, setProgress] = useState('')
  const begin = async ({ password = '' }: Values) => {
    setProgress('The account is being made …')
    try {
      await client.register({ email: FIRST_ADMIN_EMAIL, password })
      setProgress('Waiting for the mail that proves the address …')
      if (!(await proveAddress(FIRST_ADMIN_EMAIL, password)))
        return work.say({
          text: 'No mail came to the mailbox of development. Is MAIL_TRANSPORT another one?',
          fields: {},
        })
      const answer = await client.login({ identifier: FIRST_ADMIN_EMAIL, password })
      const isOther = answer.status === 'signed_in' && !answer.user.roles.includes('admin')
      if (isOther)
        return work.say({
          text: `Somebody else is admin already, or BOOTSTRAP_ADMIN_EMAIL is not ${FIRST_ADMIN_EMAIL}.`,
          fields: {},
        })
      // Where a second factor is needed, the console asks for a sign-in.
      location.replace('/console')
    } finally {
      setProgress('')
    }
  }
  return (
    <>
      <h1>Become the first administrator</h1>
      <p class="lead">
        This page is there in development alone. It makes the account {FIRST_ADMIN_EMAIL}, or gives it a new password,
        and opens the console.
      </p>
      <Form work={work} onSubmit={begin}>
        <input type="hidden" name="username" autocomplete="username" value={FIRST_ADMIN_EMAIL} />
        <Field
          name="password"
          label="Choose a password"
          hint="The console asks for it again before what matters."
          type="password"
          autocomplete="new-password"
          work={work}
          hasFocus
        />
        <Submit work={work}>Open the console</Submit>
        <p class="hint" role="status">
          {progress}
        </p>
      </Form>
    </>
  )
}
