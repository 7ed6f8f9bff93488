import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/users/index.ts'
import { go } from '../parts/address.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Panel } from '../parts/page.tsx'
import type { PanelProps, User } from './panel-props.ts'

interface StandingProps extends PanelProps {
  mayChange: boolean
  mayDelete: boolean
}

/** Shuts an account out, which can be undone, or deletes it, which cannot. */
export function Standing({ user, onChange, mayChange, mayDelete }: StandingProps) {
  const work = useWork()
  const [isAsking, setAsking] = useState(false)
  const { id, email, status } = user
  const setStatus = async (next: User['status']) => {
    onChange(await client.request('PATCH /users/{id}', { path: { id }, body: { status: next } }))
  }
  const toggle = async () => {
    await setStatus(status === 'active' ? 'deactivated' : 'active')
    announce(text(status === 'active' ? 'deactivated' : 'activated', { email }), () => setStatus(status))
  }
  const remove = async () => {
    await client.request('DELETE /users/{id}', { path: { id } })
    announce(text('deleted', { email }))
    go({ section: 'users' }, { replaces: true })
  }
  return (
    <Panel title={text(status === 'active' ? 'deactivate' : 'activate')}>
      <Problem trouble={work.trouble} />
      {mayChange && <p>{text('deactivate.lead')}</p>}
      {mayDelete && <p>{text('delete.lead')}</p>}
      <div class="row">
        {mayChange && (
          <Action class="small" work={work} onPress={toggle}>
            {text(status === 'active' ? 'deactivate' : 'activate')}
          </Action>
        )}
        {mayDelete && (
          <button class="small grave" type="button" onClick={() => setAsking(true)}>
            {text('delete')}
          </button>
        )}
      </div>
      {isAsking && (
        <Confirm
          title={text('delete.title')}
          lead={text('delete.confirm', { email })}
          action={text('delete.submit')}
          typed={email}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  )
}
