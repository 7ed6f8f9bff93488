import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/roles/index.ts'
import { Page } from '../parts/page.tsx'
import type { SectionProps } from '../section-props.ts'
import { Matrix, type Role } from './matrix.tsx'
import { RoleDialog } from './role-dialog.tsx'

/** What each role allows, as a matrix. */
export function Roles({ may }: SectionProps) {
  const load = useLoad(async (signal) => {
    const [roles, permissions] = await Promise.all([
      client.request('GET /roles', { signal }),
      client.request('GET /permissions', { signal }),
    ])
    return { roles: roles.items, permissions: permissions.items }
  })
  /** The role that is being changed, or `new`. */
  const [opened, setOpened] = useState<Role | 'new' | null>(null)
  const mayWrite = may('roles:write')
  return (
    <Page
      title={text('title')}
      lead={text('lead')}
      actions={
        mayWrite && (
          <button class="small main" type="button" onClick={() => setOpened('new')}>
            {text('add')}
          </button>
        )
      }
    >
      <Loaded load={load} lines={14}>
        {({ roles, permissions }) => (
          <Matrix roles={roles} permissions={permissions} onOpen={mayWrite ? setOpened : null} onSaved={load.again} />
        )}
      </Loaded>
      {opened !== null && (
        <RoleDialog role={opened === 'new' ? null : opened} onDone={load.again} onClose={() => setOpened(null)} />
      )}
    </Page>
  )
}
