import { useState } from 'preact/hooks'
import type { Answer } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { CodeField, readCode } from '../parts/code-field.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { Action, Form, Problem, Submit, Success, useWork, type Values } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import { Confirmation, focusSection, State } from './section.tsx'

type Enrolment = Answer<'POST /auth/mfa/totp'>

interface AuthenticatorProps {
  user: User
  onSessionsEnded(): void
  /** Recovery codes came with the first factor. */
  onCodes(codes: readonly string[]): void
}

/** Sets the authenticator app up, and removes it. */
export function Authenticator({ user, onSessionsEnded, onCodes }: AuthenticatorProps) {
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null)
  const [isRemoving, setRemoving] = useState(false)
  const beginning = useWork()
  const activation = useWork({ invalid_code: { code: common('problem.invalid_code') } })
  const removal = useWork()
  const { totp: isOn } = user.mfa

  const begin = async () => {
    removal.reset()
    activation.reset()
    setEnrolment(await client.request('POST /auth/mfa/totp'))
  }
  const close = () => {
    setEnrolment(null)
    focusSection('factors')
  }
  const activate = async (values: Values) => {
    const { recoveryCodes } = await client.request('POST /auth/mfa/totp/activate', { body: { code: readCode(values) } })
    close()
    if (recoveryCodes !== undefined) onCodes(recoveryCodes)
    await client.reload()
  }
  const remove = async () => {
    activation.reset()
    await client.request('DELETE /auth/mfa/totp')
    setRemoving(false)
    onSessionsEnded()
    await client.reload()
    focusSection('factors')
  }
  return (
    <div class="block">
      <h3>
        {text('totp')} <State isOn={isOn}>{text(isOn ? 'totp.on' : 'totp.off')}</State>
      </h3>
      <p class="hint">{text(isOn ? 'totp.lead.on' : 'totp.lead.off')}</p>
      <Problem trouble={beginning.trouble} />
      {enrolment !== null && (
        <Form work={activation} onSubmit={activate}>
          <EnrolmentKey enrolment={enrolment} />
          <CodeField label={text('totp.code')} hint={text('totp.code.hint')} work={activation} hasFocus />
          <div class="buttons">
            <Submit work={activation}>{text('totp.submit')}</Submit>
            <button class="quiet" type="button" onClick={close}>
              {common('cancel')}
            </button>
          </div>
        </Form>
      )}
      {enrolment === null && !isOn && (
        <Action class="secondary" work={beginning} onPress={begin}>
          {text('totp.begin')}
        </Action>
      )}
      {isOn && (
        <button class="secondary" type="button" onClick={() => setRemoving(true)}>
          {text('totp.remove')}
        </button>
      )}
      <Success work={activation}>{text('totp.saved')}</Success>
      <Success work={removal}>{text('totp.removed')}</Success>
      {isRemoving && (
        <Dialog title={text('totp.remove.title')} onClose={() => setRemoving(false)}>
          <Confirmation
            work={removal}
            label={text('totp.remove')}
            lead={text('totp.remove.lead')}
            onConfirm={remove}
            onClose={() => setRemoving(false)}
          />
        </Dialog>
      )}
    </div>
  )
}

function EnrolmentKey({ enrolment: { secret, otpauthUri, qrSvg } }: { enrolment: Enrolment }) {
  return (
    <div class="enrolment">
      <img
        class="qr"
        src={`data:image/svg+xml,${encodeURIComponent(qrSvg)}`}
        alt={text('totp.qr')}
        width="176"
        height="176"
      />
      <div>
        <p>{text('totp.scan')}</p>
        <p class="hint">{text('totp.secret')}</p>
        <code class="secret">{secret.replace(/(.{4})(?=.)/g, '$1 ')}</code>
        <a href={otpauthUri}>{text('totp.open')}</a>
      </div>
    </div>
  )
}
