import { useState } from 'preact/hooks'
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
  const [changed, setChanged] = useState<ReadonlyMap<string, readonly string[]>>(new Map())
  const heldBy = (role: Role) => changed.get(role.name) ?? role.permissions
  const toggle = (role: Role, permission: PermissionName, isOn: boolean) => {
    const next = isOn ? [...heldBy(role), permission] : heldBy(role).filter((name) => name !== permission)
    const isAsBefore = next.length === role.permissions.length && next.every((name) => role.permissions.includes(name))
    const others = [...changed].filter(([name]) => name !== role.name)
    setChanged(new Map(isAsBefore ? others : [...others, [role.name, next]]))
  }
  const save = async () => {
    for (const [name, held] of changed)
      await client.request('PATCH /roles/{name}', {
        path: { name },
        body: { permissions: held as readonly PermissionName[] },
      })
    announce(text('saved'))
    onSaved()
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
                      checked={heldBy(role).includes(name)}
                      disabled={onOpen === null || role.builtIn || work.isBusy}
                      onChange={({ currentTarget }) => toggle(role, name, currentTarget.checked)}
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
      {changed.size > 0 && (
        <div class="unsaved row">
          <p role="status">{text('unsaved', { roles: [...changed.keys()].join(', ') })}</p>
          <Action class="small main" work={work} onPress={save}>
            {text('save')}
          </Action>
          <button class="small" type="button" disabled={work.isBusy} onClick={() => setChanged(new Map())}>
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
