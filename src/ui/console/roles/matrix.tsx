import { useEffect, useState } from 'preact/hooks'
import type { Answer } from '../../../client/index.ts'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/roles/index.ts'
import { announce } from '../parts/announce.tsx'
import { Badge } from '../parts/show.tsx'

export type Role = Answer<'GET /roles'>['items'][number]
type Permission = Answer<'GET /permissions'>['items'][number]
type PermissionName = Permission['name']

interface MatrixProps {
  roles: readonly Role[]
  permissions: readonly Permission[]
  /** Opens a role to be changed. Without it, everything is only shown. */
  onOpen: ((role: Role) => void) | null
  onSaved(): void
}

/** Permissions by role. What is ticked here is saved together, and only then. */
export function Matrix({ roles, permissions, onOpen, onSaved }: MatrixProps) {
  const work = useWork()
  /** What was ticked (true) or unticked here, by role and permission. */
  const [ticks, setTicks] = useState<ReadonlyMap<string, boolean>>(new Map())
  const permits = (role: Role, permission: PermissionName) =>
    ticks.get(`${role.name} ${permission}`) ?? role.permissions.includes(permission)
  const heldBy = (role: Role) => permissions.flatMap(({ name }) => (permits(role, name) ? [name] : []))
  const changed = roles.filter((role) =>
    permissions.some(({ name }) => permits(role, name) !== role.permissions.includes(name)),
  )
  // What is saved is no change any more.
  useEffect(() => {
    const isLeft = ([place, isOn]: [string, boolean]) =>
      roles.some((role) => role.permissions.some((name) => place === `${role.name} ${name}`)) !== isOn
    setTicks(new Map([...ticks].filter(isLeft)))
  }, [roles])
  const save = async () => {
    try {
      // Another administrator may have changed these roles since they were shown.
      const { items } = await client.request('GET /roles')
      for (const { name } of changed) {
        const role = items.find((other) => other.name === name)
        if (role === undefined) continue
        await client.request('PATCH /roles/{name}', { path: { name }, body: { permissions: heldBy(role) } })
      }
      announce(text('saved'))
    } finally {
      // Where one role is refused, those before it are saved, and are shown so.
      onSaved()
    }
  }
  return (
    <>
      <Problem trouble={work.trouble} />
      <div class="framed matrix">
        <table class="cards">
          <caption class="unseen">{text('matrix')}</caption>
          <thead>
            <tr>
              <th scope="col">{text('permission')}</th>
              {roles.map((role) => (
                <th key={role.name} scope="col">
                  <RoleHead role={role} onOpen={onOpen} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {permissions.map(({ name, description }) => (
              <tr key={name}>
                <th scope="row">
                  <span class="mono">{name}</span>
                  <div class="hint">{description}</div>
                </th>
                {roles.map((role) => (
                  <td key={role.name} data-label={role.name}>
                    <input
                      type="checkbox"
                      aria-label={`${role.name}: ${name}`}
                      checked={permits(role, name)}
                      disabled={onOpen === null || role.builtIn || work.isBusy}
                      onChange={({ currentTarget }) =>
                        setTicks(new Map(ticks).set(`${role.name} ${name}`, currentTarget.checked))
                      }
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {onOpen !== null && (
        <div class="row small-only">
          {roles.map((role) => (
            <RoleHead key={role.name} role={role} onOpen={onOpen} />
          ))}
        </div>
      )}
      {changed.length > 0 && (
        <div class="unsaved row">
          <p role="status">{text('unsaved', { roles: changed.map(({ name }) => name).join(', ') })}</p>
          <Action class="small main" work={work} onPress={save}>
            {text('save')}
          </Action>
          <button class="small" type="button" disabled={work.isBusy} onClick={() => setTicks(new Map())}>
            {text('discard')}
          </button>
        </div>
      )}
    </>
  )
}

function RoleHead({ role, onOpen }: { role: Role; onOpen: ((role: Role) => void) | null }) {
  return (
    <span class="badges" title={role.description}>
      {onOpen === null ? (
        role.name
      ) : (
        <button class="small" type="button" aria-label={text('edit', { role: role.name })} onClick={() => onOpen(role)}>
          {role.name}
        </button>
      )}
      {role.builtIn && <Badge>{text('builtIn')}</Badge>}
      {role.mfaRequired && <Badge>{text('mfaRequired')}</Badge>}
    </span>
  )
}
