import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { language } from '../../texts/language.ts'
import { text } from '../../texts/users/index.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Panel } from '../parts/page.tsx'
import { Facts } from '../parts/show.tsx'
import type { User } from './panel-props.ts'

export function Factors({ user, mayChange }: { user: User; mayChange: boolean }) {
  const [isAsking, setAsking] = useState(false)
  const { totp, passkeys, recoveryCodesLeft } = user.mfa
  const remove = async () => {
    const { removesAt } = await client.request('DELETE /users/{id}/factors', { path: { id: user.id } })
    announce(text('factors.removed', { date: new Date(removesAt).toLocaleString(language) }))
  }
  return (
    <Panel title={text('signIn')}>
      <Facts
        facts={[
          [text('factor.totp'), text(totp ? 'yes' : 'no')],
          [text('passkeys'), String(passkeys)],
          [text('recoveryCodes'), String(recoveryCodesLeft)],
          [text('providers'), user.providers.join(', ') || text('factor.none')],
        ]}
      />
      {mayChange && (totp || passkeys > 0) && (
        <button class="small" type="button" onClick={() => setAsking(true)}>
          {text('factors.remove')}
        </button>
      )}
      {isAsking && (
        <Confirm
          title={text('factors.remove.title')}
          lead={text('factors.remove.lead')}
          action={text('factors.remove.submit')}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  )
}
