import { useState } from 'preact/hooks'
import { client } from '../parts/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { download } from '../parts/download.ts'
import { Action, Success, useWork } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { Confirmation } from './section.tsx'

/** From this number on the person is asked to make new ones. */
const FEW = 3

interface RecoveryCodesProps {
  user: User
  onCodes(codes: readonly string[]): void
}

/** Says how many recovery codes are left, and makes new ones. */
export function RecoveryCodes({ user: { mfa }, onCodes }: RecoveryCodesProps) {
  const [isAsking, setAsking] = useState(false)
  const work = useWork()
  const count = mfa.recoveryCodesLeft
  const renew = async () => {
    const { recoveryCodes } = await client.request('POST /auth/mfa/recovery-codes')
    setAsking(false)
    onCodes(recoveryCodes)
    await client.reload()
  }
  const hasFactor = mfa.totp || mfa.passkeys > 0
  return (
    <div class="block">
      <h3>{text('codes')}</h3>
      <p class="hint">{text('codes.lead')}</p>
      {hasFactor ? (
        <>
          <p class={count <= FEW ? 'notice' : undefined}>
            {text(count <= FEW ? 'codes.few' : 'codes.left', { count })}
          </p>
          <button class="secondary" type="button" onClick={() => setAsking(true)}>
            {text('codes.renew')}
          </button>
        </>
      ) : (
        <p class="hint">{text('codes.none')}</p>
      )}
      {isAsking && (
        <Dialog title={text('codes.renew.title')} onClose={() => setAsking(false)}>
          <Confirmation
            work={work}
            label={text('codes.renew')}
            lead={text('codes.renew.lead')}
            onConfirm={renew}
            onClose={() => setAsking(false)}
          />
        </Dialog>
      )}
    </div>
  )
}

interface NewCodesProps {
  user: User
  codes: readonly string[]
  onKept(): void
}

/** Shows new recovery codes, this once. Only its own button closes it, because the Escape key would lose them. */
export function NewRecoveryCodes({ user, codes, onKept }: NewCodesProps) {
  const copying = useWork()
  const file = [text('codes.file', { email: user.email, host: location.host }), '', ...codes, ''].join('\r\n')
  return (
    <Dialog title={text('codes.title')} onClose={() => undefined}>
      <p class="lead">{text('codes.show')}</p>
      <ol class="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ol>
      <p class="print-only">{text('codes.file', { email: user.email, host: location.host })}</p>
      <div class="buttons">
        <Action class="secondary" work={copying} onPress={() => navigator.clipboard.writeText(codes.join('\n'))}>
          {text('codes.copy')}
        </Action>
        <button class="secondary" type="button" onClick={() => download('recovery-codes.txt', file, 'text/plain')}>
          {text('codes.download')}
        </button>
        <button class="secondary" type="button" onClick={() => print()}>
          {text('codes.print')}
        </button>
      </div>
      <Success work={copying}>{text('codes.copied')}</Success>
      <button class="primary" type="button" onClick={onKept}>
        {text('codes.kept')}
      </button>
    </Dialog>
  )
}
