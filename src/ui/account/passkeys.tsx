import { useState } from 'preact/hooks'
import { PosternError, registerPasskey } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Action, Problem, Success, useWork } from '../parts/form.tsx'
import { Loaded, useLoad } from '../parts/load.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { type Passkey, PasskeyRow } from './passkey-row.tsx'
import { Confirmation, focusSection, Section } from './section.tsx'

interface PasskeysProps {
  user: User
  onSessionsEnded(): void
  onCodes(codes: readonly string[]): void
}

/** The passkeys of the account: adds, renames and removes them. */
export function Passkeys({ user, onSessionsEnded, onCodes }: PasskeysProps) {
  const list = useLoad(readPasskeys, [user.mfa.passkeys])
  const [named, setNamed] = useState('')
  const [removed, setRemoved] = useState<Passkey | null>(null)
  const adding = useWork()
  const removal = useWork()

  const add = async () => {
    removal.reset()
    const { passkey, recoveryCodes } = await registerPasskey(client).catch(refuseRepeated)
    setNamed(passkey.name)
    if (recoveryCodes !== undefined) onCodes(recoveryCodes)
    await Promise.all([client.reload(), list.again()])
  }
  const remove = async ({ id, name }: Passkey) => {
    adding.reset()
    await client.request('DELETE /auth/passkeys/{id}', { path: { id } })
    setNamed(name)
    setRemoved(null)
    onSessionsEnded()
    await Promise.all([client.reload(), list.again()])
    focusSection('passkeys')
  }
  return (
    <Section id="passkeys" title={text('passkeys')} lead={text('passkeys.lead')}>
      <Loaded load={list} lines={2}>
        {(items) =>
          items.length === 0 ? (
            <p class="empty">{text('passkeys.none')}</p>
          ) : (
            <ul class="rows">
              {items.map((passkey) => (
                <PasskeyRow
                  key={passkey.id}
                  passkey={passkey}
                  onRenamed={list.again}
                  onRemove={() => setRemoved(passkey)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      <Problem trouble={adding.trouble} />
      {globalThis.PublicKeyCredential === undefined ? (
        <p class="hint">{text('passkeys.unsupported')}</p>
      ) : (
        <Action class="secondary" work={adding} onPress={add}>
          {text('passkeys.add')}
        </Action>
      )}
      <Success work={adding}>{text('passkeys.added', { name: named })}</Success>
      <Success work={removal}>{text('passkeys.removed', { name: named })}</Success>
      {removed !== null && (
        <Dialog title={text('passkeys.remove.title', { name: removed.name })} onClose={() => setRemoved(null)}>
          <Confirmation
            work={removal}
            label={text('passkeys.remove')}
            lead={text('passkeys.remove.lead')}
            onConfirm={() => remove(removed)}
            onClose={() => setRemoved(null)}
          />
        </Dialog>
      )}
    </Section>
  )
}

/** Reads the passkeys, and tells the authenticators which of theirs are still good (WebAuthn Level 3 §5.1.10). */
async function readPasskeys(signal: AbortSignal): Promise<readonly Passkey[]> {
  const { items, rpId, userHandle } = await client.request('GET /auth/passkeys', { signal })
  const allAcceptedCredentialIds = items.map(({ credentialId }) => credentialId)
  const { signalAllAcceptedCredentials } = (globalThis.PublicKeyCredential ?? {}) as {
    signalAllAcceptedCredentials?(signal: object): Promise<void>
  }
  await signalAllAcceptedCredentials
    ?.call(PublicKeyCredential, { rpId, userId: userHandle, allAcceptedCredentialIds })
    .catch(() => undefined)
  return items
}

/** The browser itself refuses an authenticator that has a passkey of this account. */
function refuseRepeated(error: unknown): never {
  throw (error as Error).name === 'InvalidStateError' ? new PosternError('passkey_exists', { cause: error }) : error
}
