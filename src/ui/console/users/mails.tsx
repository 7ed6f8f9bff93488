import { useState } from 'preact/hooks'
import type { Input } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/users/index.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Panel } from '../parts/page.tsx'
import type { User } from './panel-props.ts'

type Kind = Input<'POST /users/{id}/mails'>['body']['kind']

export function Mails({ user }: { user: User }) {
  const work = useWork()
  const [isAsking, setAsking] = useState(false)
  const path = { id: user.id }
  const send = (kind: Kind) => async () => {
    await client.request('POST /users/{id}/mails', { path, body: { kind } })
    announce(text('mails.sent', { email: user.email }))
  }
  const requirePassword = async () => {
    await client.request('POST /users/{id}/password-reset', { path })
    announce(text('password.required'))
  }
  return (
    <Panel title={text('mails')}>
      <Problem trouble={work.trouble} />
      <div class="row">
        {!user.emailVerified && (
          <Action class="small" work={work} onPress={send('verification')}>
            {text('mails.verification')}
          </Action>
        )}
        <Action class="small" work={work} onPress={send('password_reset')}>
          {text('mails.password_reset')}
        </Action>
        <button class="small" type="button" onClick={() => setAsking(true)}>
          {text('password.require')}
        </button>
      </div>
      {isAsking && (
        <Confirm
          title={text('password.require.title')}
          lead={text('password.require.lead')}
          action={text('password.require.submit')}
          onConfirm={requirePassword}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  )
}
