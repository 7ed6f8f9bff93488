import { useState } from 'preact/hooks'
import { CodeField, readCode } from '../parts/code-field.tsx'
import { Done } from '../parts/done.tsx'
import { Action, Field, Form, Submit, useWork, type Values } from '../parts/form.tsx'
import { NewPassword } from '../parts/new-password.tsx'
import { common } from '../texts/common/index.ts'
import { text } from '../texts/mailed-link/index.ts'
import { isTaken, useMailedLink } from './use-mailed-link.ts'

type Proof = { token: string } | { email: string; code: string }

interface LinkOrCodePageProps {
  /** Whose texts it shows. */
  name: 'verify' | 'reset' | 'change'
  asksPassword?: boolean
  emailLabel?: string
  redeem(proof: Proof, password: string): Promise<unknown>
  /** Sends a new mail. It is left out where only somebody who is signed in may ask for one. */
  resend?(email: string): Promise<unknown>
}

/**
 * A page that a mail leads to by a link, and whose code it takes as well, for a mail that was opened on another device.
 * Opening the page redeems nothing, because scanners follow links; a person has to press the button.
 */
export function LinkOrCodePage({ name, asksPassword = false, emailLabel, redeem, resend }: LinkOrCodePageProps) {
  const { token, drop, visit } = useMailedLink()
  const [cameByLink] = useState(token !== null)
  const [isDone, setDone] = useState(false)
  const [isSentAgain, setSentAgain] = useState(false)
  const work = useWork()

  if (isDone) return <Done title={text(`${name}.done.title`)} lead={text(`${name}.done.text`)} />
  const submit = async (values: Values) => {
    setSentAgain(false)
    const { email = '', password = '' } = values
    const proof = token === null ? { email, code: readCode(values) } : { token }
    if (await isTaken(redeem(proof, password))) return setDone(true)
    if (token === null) return work.say({ text: '', fields: { code: text('problem.code') } })
    drop()
    work.say({ text: text(resend === undefined ? 'problem.link.final' : 'problem.link'), fields: {} })
  }
  const sendAgain = async ({ email = '' }: Values) => {
    setSentAgain(false)
    await resend?.(email)
    setSentAgain(true)
  }
  const typeCode = () => {
    work.reset()
    drop()
  }
  return (
    <>
      <h1>{text(`${name}.title`)}</h1>
      <p class="lead">{text(token === null ? 'code.intro' : `${name}.intro`)}</p>
      <Form key={visit} work={work} onSubmit={submit}>
        {token === null && (
          <>
            <Field
              name="email"
              label={emailLabel ?? common('email')}
              work={work}
              type="email"
              autocomplete="username"
              hasFocus={cameByLink}
            />
            <CodeField
              label={common('code')}
              hint={text('code.hint')}
              work={work}
              digits={8}
              complaint={text('code.invalid')}
            />
          </>
        )}
        {asksPassword && <NewPassword work={work} />}
        <Submit work={work}>{text(`${name}.submit`)}</Submit>
        {token !== null && (
          <button class="quiet" type="button" onClick={typeCode}>
            {text('code.use')}
          </button>
        )}
        {token === null && resend !== undefined && (
          <Action work={work} needs={['email']} onPress={sendAgain}>
            {text('code.resend')}
          </Action>
        )}
      </Form>
      <div role="status">{isSentAgain && <p class="notice">{text('code.resent')}</p>}</div>
    </>
  )
}
