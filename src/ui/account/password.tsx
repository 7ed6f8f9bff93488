import { useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Action, Field, Form, Problem, Submit, Success, useWork } from '../parts/form.tsx'
import { NewPassword } from '../parts/new-password.tsx'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import { focusSection } from './section.tsx'
import type { User } from './session.ts'

interface PasswordProps {
  user: User
  /** All other sessions of the account have ended. */
  onSessionsEnded(): void
}

/** Changes the password, or mails a link to somebody who has none or has forgotten it. */
export function Password({ user, onSessionsEnded }: PasswordProps) {
  const [isOpen, setOpen] = useState(false)
  const work = useWork({ invalid_credentials: { currentPassword: common('problem.invalid_password') } })
  const mailing = useWork()
  const close = () => {
    setOpen(false)
    focusSection('sign-in')
  }
  const change = async ({ currentPassword = '', newPassword = '' }: Readonly<Record<string, string>>) => {
    await client.request('POST /auth/change-password', { body: { currentPassword, newPassword } })
    close()
    onSessionsEnded()
  }
  const mail = () => client.request('POST /auth/forgot-password', { body: { email: user.email } })
  return (
    <div class="block">
      <h3>{text('password')}</h3>
      <p class="hint">{text('password.lead')}</p>
      {isOpen ? (
        <Form work={work} onSubmit={change}>
          {/* A password manager learns from it whose password this is. */}
          <input type="text" name="username" autocomplete="username" value={user.email} readOnly hidden />
          <Field
            name="currentPassword"
            label={text('password.current')}
            work={work}
            type="password"
            autocomplete="current-password"
            hasFocus
          />
          <NewPassword name="newPassword" work={work} />
          <div class="buttons">
            <Submit work={work}>{text('password.submit')}</Submit>
            <Action class="quiet" work={mailing} onPress={mail}>
              {text('password.forgot')}
            </Action>
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
            mailing.reset()
            setOpen(true)
          }}
        >
          {text('password.change')}
        </button>
      )}
      <Success work={work}>{text('password.saved')}</Success>
      <Problem trouble={mailing.trouble} />
      <Success work={mailing}>{text('password.mailed', { email: user.email })}</Success>
    </div>
  )
}
