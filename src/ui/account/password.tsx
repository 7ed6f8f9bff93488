import { client } from '../parts/client.ts'
import { Action, Field, Problem, Success, useWork, type Values } from '../parts/form.tsx'
import { NewPassword } from '../parts/new-password.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import { Change } from './change.tsx'

interface PasswordProps {
  user: User
  /** All other sessions of the account have ended. */
  onSessionsEnded(): void
}

/** Changes the password, or mails a link to somebody who has none or has forgotten it. */
export function Password({ user, onSessionsEnded }: PasswordProps) {
  const work = useWork({ invalid_credentials: { currentPassword: common('problem.invalid_password') } })
  const mailing = useWork()
  const change = async ({ currentPassword = '', newPassword = '' }: Values) => {
    await client.request('POST /auth/change-password', { body: { currentPassword, newPassword } })
    onSessionsEnded()
  }
  const mail = () => client.request('POST /auth/forgot-password', { body: { email: user.email } })
  return (
    <Change
      title={text('password')}
      about={<p class="hint">{text('password.lead')}</p>}
      section="sign-in"
      open={text('password.change')}
      submit={text('password.submit')}
      work={work}
      onOpen={mailing.reset}
      onSubmit={change}
      fields={
        <>
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
        </>
      }
      otherwise={
        <Action class="quiet" work={mailing} onPress={mail}>
          {text('password.forgot')}
        </Action>
      }
    >
      <Success work={work}>{text('password.saved')}</Success>
      <Problem trouble={mailing.trouble} />
      <Success work={mailing}>{text('password.mailed', { email: user.email })}</Success>
    </Change>
  )
}
