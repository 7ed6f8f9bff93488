import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/users/index.ts'
import { addressOf } from '../parts/address.ts'
import { Page, Panel } from '../parts/page.tsx'
import { Badge, Facts, Time } from '../parts/show.tsx'
import type { SectionProps } from '../section-props.ts'
import { Factors } from './factors.tsx'
import { Mails } from './mails.tsx'
import { Note } from './note.tsx'
import type { User } from './panel-props.ts'
import { Profile } from './profile.tsx'
import { UserRoles } from './roles.tsx'
import { Sessions } from './sessions.tsx'
import { Standing } from './standing.tsx'

interface UserPageProps extends SectionProps {
  id: string
}

/** One user, with everything that the reader's roles let them see and change. */
export function UserPage({ id, may }: UserPageProps) {
  const load = useLoad((signal) => client.request('GET /users/{id}', { path: { id }, signal }), [id])
  const user = load.value
  return (
    <Page
      title={user?.name ?? user?.email ?? text('user')}
      actions={
        <a class="small" href={addressOf({ section: 'users' })}>
          {text('back')}
        </a>
      }
    >
      <Loaded load={load} lines={14}>
        {(user) => (
          <div class="panels">
            <Overview user={user} mayReadAudit={may('audit:read')} mayChange={may('users:write')} />
            {may('users:write') && <Profile user={user} onChange={load.set} />}
            {may('roles:assign') && may('roles:read') && <UserRoles user={user} onChange={load.set} />}
            <Factors user={user} mayChange={may('users:write')} />
            {may('users:write') && <Sessions id={id} />}
            {may('users:write') && <Mails user={user} />}
            <Note id={id} mayChange={may('users:write')} />
            {(may('users:write') || may('users:delete')) && (
              <Standing
                user={user}
                onChange={load.set}
                mayChange={may('users:write')}
                mayDelete={may('users:delete')}
              />
            )}
          </div>
        )}
      </Loaded>
    </Page>
  )
}

interface OverviewProps {
  user: User
  mayReadAudit: boolean
  mayChange: boolean
}

function Overview({ user, mayReadAudit, mayChange }: OverviewProps) {
  return (
    <Panel title={text('standing')}>
      <Facts
        facts={[
          [text('email'), user.email],
          [text('username'), user.username ?? '–'],
          [
            text('status'),
            <span key="status" class="badges">
              <Badge kind={user.status === 'active' ? 'good' : 'bad'}>{text(`status.${user.status}`)}</Badge>
              <Badge kind={user.emailVerified ? 'good' : 'plain'}>{text(`verified.${user.emailVerified}`)}</Badge>
            </span>,
          ],
          [
            text('roles'),
            <span key="roles" class="badges">
              {user.roles.map((role) => (
                <Badge key={role}>{role}</Badge>
              ))}
            </span>,
          ],
          [text('created'), <Time key="created" at={user.createdAt} />],
          [text('lastSeen'), <Time key="lastSeen" at={user.lastSeenAt} />],
          [
            text('id'),
            <span key="id" class="mono">
              {user.id}
            </span>,
          ],
        ]}
      />
      {mayReadAudit && (
        <p>
          <a href={addressOf({ section: 'audit', userId: user.id })}>{text('activity')}</a>
        </p>
      )}
      {!mayChange && <p class="hint">{text('readOnly')}</p>}
    </Panel>
  )
}
