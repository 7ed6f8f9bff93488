import { useState } from 'preact/hooks'
import type { Answer } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Field, Form, Submit, useWork, type Values } from '../parts/form.tsx'
import { sayAgo, sayDay } from '../parts/time.ts'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import { focusSection } from './section.tsx'

export type Passkey = Answer<'GET /auth/passkeys'>['items'][number]

interface PasskeyRowProps {
  passkey: Passkey
  onRenamed(): Promise<void>
  onRemove(): void
}

export function PasskeyRow({ passkey, onRenamed, onRemove }: PasskeyRowProps) {
  const { id, name, createdAt, lastUsedAt } = passkey
  const [isRenaming, setRenaming] = useState(false)
  const work = useWork()
  const close = () => {
    setRenaming(false)
    focusSection('passkeys')
  }
  const rename = async ({ name = '' }: Values) => {
    await client.request('PATCH /auth/passkeys/{id}', { path: { id }, body: { name: name.trim() } })
    await onRenamed()
    close()
  }
  if (isRenaming)
    return (
      <li class="row renaming">
        <Form work={work} onSubmit={rename}>
          <Field
            name="name"
            label={text('passkeys.name')}
            work={work}
            value={name}
            autocomplete="off"
            maxLength={64}
            hasFocus
          />
          <div class="buttons">
            <Submit work={work}>{common('save')}</Submit>
            <button class="quiet" type="button" onClick={close}>
              {common('cancel')}
            </button>
          </div>
        </Form>
      </li>
    )
  const used = lastUsedAt === null ? text('passkeys.unused') : text('passkeys.used', { ago: sayAgo(lastUsedAt) })
  return (
    <li class="row">
      <div>
        <strong>{name}</strong>
        <p class="hint">{kindOf(passkey)}</p>
        <p class="hint">
          {text('passkeys.since', { day: sayDay(createdAt) })} · {used}
        </p>
      </div>
      <div class="buttons">
        <button
          class="quiet"
          type="button"
          aria-label={text('passkeys.rename.which', { name })}
          onClick={() => setRenaming(true)}
        >
          {text('passkeys.rename')}
        </button>
        <button class="quiet" type="button" aria-label={text('passkeys.remove.which', { name })} onClick={onRemove}>
          {text('passkeys.remove')}
        </button>
      </div>
    </li>
  )
}

/** Says what the passkey is kept in: by the name of its provider, and by where it can be used. */
function kindOf({ provider, backedUp, transports }: Passkey): string {
  const place = text(`passkeys.kind.${backedUp ? 'synced' : placeOf(transports)}`)
  return provider === null ? place : `${provider} · ${place}`
}

function placeOf(transports: readonly string[]): 'internal' | 'hybrid' | 'key' | 'other' {
  if (transports.includes('internal')) return 'internal'
  if (transports.includes('hybrid')) return 'hybrid'
  return transports.some((transport) => ['usb', 'nfc', 'ble', 'smart-card'].includes(transport)) ? 'key' : 'other'
}
