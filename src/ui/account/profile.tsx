import { client } from '../parts/client.ts'
import { Field, Form, Submit, Success, useWork, type Values } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import { Picture } from './picture.tsx'
import { Section } from './section.tsx'

/** How applications show this person. */
export function Profile({ user }: { user: User }) {
  const work = useWork({ username_taken: { username: common('problem.username_taken') } })
  const save = ({ name = '', username = '' }: Values) =>
    client.request('PATCH /auth/me', { body: { name: name.trim() || null, username: username.trim() || null } })
  return (
    <Section id="profile" title={text('profile')} lead={text('profile.lead')}>
      <Picture user={user} />
      <Form work={work} onSubmit={save}>
        <Field
          name="name"
          label={text('profile.name')}
          work={work}
          value={user.name ?? ''}
          autocomplete="name"
          isOptional
          maxLength={100}
        />
        <Field
          name="username"
          label={text('profile.username')}
          hint={text('profile.username.hint')}
          work={work}
          value={user.username ?? ''}
          autocomplete="username"
          isOptional
          maxLength={32}
        />
        <Submit work={work}>{common('save')}</Submit>
      </Form>
      <Success work={work}>{text('profile.saved')}</Success>
    </Section>
  )
}
