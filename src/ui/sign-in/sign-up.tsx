import { useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Action, Field, Form, Submit, useWork, type Values } from '../parts/form.tsx'
import { NewPassword } from '../parts/new-password.tsx'
import { withReturnTo } from '../parts/return-to.ts'
import { common } from '../texts/common/index.ts'
import { text } from '../texts/sign-in/index.ts'
import { MailSent } from './mail-sent.tsx'
import { Providers } from './providers.tsx'

/** The sign-up. Its answer is the same whether or not the address has an account, and so is what this page says. */
export function SignUp() {
  const work = useWork()
  const [email, setEmail] = useState<string | null>(null)
  if (email !== null) return <SignedUp email={email} />
  const register = async (values: Values) => {
    const { name = '', password = '' } = values
    const address = (values.email ?? '').trim()
    await client.register({ email: address, password, ...(name.trim() === '' ? {} : { name: name.trim() }) })
    setEmail(address)
  }
  return (
    <>
      <h1>{text('signUp.title')}</h1>
      <Form work={work} onSubmit={register}>
        <Field
          name="name"
          label={text('signUp.name')}
          hint={text('signUp.optional')}
          work={work}
          autocomplete="name"
          isOptional
          maxLength={100}
        />
        <Field name="email" label={common('email')} work={work} type="email" autocomplete="username" />
        <NewPassword work={work} label={common('password')} />
        <Submit work={work}>{text('signUp.submit')}</Submit>
      </Form>
      <p class="aside">
        {text('signUp.haveAccount')} <a href={withReturnTo('/sign-in')}>{text('title')}</a>
      </p>
      <Providers work={work} />
    </>
  )
}

function SignedUp({ email }: { email: string }) {
  const work = useWork()
  const [isSentAgain, setSentAgain] = useState(false)
  const sendAgain = async () => {
    await client.request('POST /auth/resend-verification', { body: { email } })
    setSentAgain(true)
  }
  return (
    <MailSent
      title={text('signUp.done.title')}
      lead={text('signUp.done.text', { email })}
      code={{ href: '/verify-email', label: text('signUp.done.code') }}
    >
      <p role="status">{isSentAgain ? text('signUp.done.sent') : ''}</p>
      <Action work={work} onPress={sendAgain}>
        {text('signUp.done.again')}
      </Action>
    </MailSent>
  )
}
