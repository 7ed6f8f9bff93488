import { client } from '../../parts/client.ts'
import { Field, Form, Submit, useWork, type Values } from '../../parts/form.tsx'
import { common } from '../../texts/common/index.ts'
import { text } from '../../texts/users/index.ts'
import { announce } from '../parts/announce.tsx'
import { Panel } from '../parts/page.tsx'
import type { PanelProps } from './panel-props.ts'

export function Profile({ user, onChange }: PanelProps) {
  const work = useWork()
  const save = async ({ name = '', username = '' }: Values) => {
    const typed = { name: name.trim() || null, username: username.trim() || null }
    // What was left as it is stays as another administrator may have changed it meanwhile.
    const body = {
      ...(typed.name === user.name ? {} : { name: typed.name }),
      ...(typed.username === user.username ? {} : { username: typed.username }),
    }
    if (Object.keys(body).length > 0)
      onChange(await client.request('PATCH /users/{id}', { path: { id: user.id }, body }))
    announce(text('profile.saved'))
  }
  return (
    <Panel title={text('profile')}>
      <Form work={work} onSubmit={save}>
        <Field name="name" label={text('name')} work={work} autocomplete="off" value={user.name ?? ''} isOptional />
        <Field
          name="username"
          label={text('username')}
          work={work}
          autocomplete="off"
          value={user.username ?? ''}
          isOptional
        />
        <Submit work={work}>{common('save')}</Submit>
      </Form>
    </Panel>
  )
}
