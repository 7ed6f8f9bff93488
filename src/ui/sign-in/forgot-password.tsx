import { useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Field, Form, Submit, useWork, type Values } from '../parts/form.tsx'
import { withReturnTo } from '../parts/return-to.ts'
import { common } from '../texts/common/index.ts'
import { text } from '../texts/sign-in/index.ts'
import { MailSent } from './mail-sent.tsx'

/** Asks for the mail that sets a new password. What it says does not tell whether the address has an account. */
export function ForgotPassword() {
  const work = useWork()
  const [email, setEmail] = useState<string | null>(null)
  if (email !== null)
    return (
      <MailSent
        title={text('forgot.done.title')}
        lead={text('forgot.done.text', { email })}
        code={{ href: '/reset-password', label: text('forgot.done.code') }}
      />
    )
  const ask = async (values: Values) => {
    const address = (values.email ?? '').trim()
    await client.request('POST /auth/forgot-password', { body: { email: address } })
    setEmail(address)
  }
  return (
    <>
      <h1>{text('forgot.title')}</h1>
      <p class="lead">{text('forgot.lead')}</p>
      <Form work={work} onSubmit={ask}>
        <Field name="email" label={common('email')} work={work} type="email" autocomplete="username" />
        <Submit work={work}>{text('forgot.submit')}</Submit>
      </Form>
      <a class="quiet" href={withReturnTo('/sign-in')}>
        {text('forgot.back')}
      </a>
    </>
  )
}
