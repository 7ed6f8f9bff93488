import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Field, Form, Submit, useWork, type Values } from '../../parts/form.tsx'
import { common } from '../../texts/common/index.ts'
import { text } from '../../texts/roles/index.ts'
import { announce } from '../parts/announce.tsx'
import { Confirm } from '../parts/confirm.tsx'
import { Check } from '../parts/inputs.tsx'
import type { Role } from './matrix.tsx'

interface RoleDialogProps {
  /** The role that is changed, or null for a new one. */
  role: Role | null
  onDone(): void
  onClose(): void
}

/** Asks for the name and the description of a role, or deletes it. What it allows is chosen in the matrix. */
export function RoleDialog({ role, onDone, onClose }: RoleDialogProps) {
  const work = useWork()
  const [mfaRequired, setMfaRequired] = useState(role?.mfaRequired ?? false)
  const [isDeleting, setDeleting] = useState(false)
  const save = async ({ name = '', description = '' }: Values) => {
    if (role === null)
      await client.request('POST /roles', { body: { name, description, permissions: [], mfaRequired } })
    else {
      const renamed = role.builtIn || name === role.name ? {} : { name }
      const body = { ...renamed, description, mfaRequired }
      await client.request('PATCH /roles/{name}', { path: { name: role.name }, body })
    }
    announce(text(role === null ? 'created' : 'changed', { role: name || (role?.name ?? '') }))
    onDone()
    onClose()
  }
  if (role !== null && isDeleting) return <Deletion name={role.name} onDone={onDone} onClose={onClose} />
  return (
    <Dialog title={role?.name ?? text('add')} onClose={onClose}>
      <Form work={work} onSubmit={save}>
        {role?.builtIn !== true && (
          <Field
            name="name"
            label={text('name')}
            hint={text('name.hint')}
            work={work}
            autocomplete="off"
            value={role?.name ?? ''}
            maxLength={32}
          />
        )}
        <Field
          name="description"
          label={text('description')}
          work={work}
          autocomplete="off"
          value={role?.description ?? ''}
          maxLength={200}
        />
        <Check isOn={mfaRequired} onChange={setMfaRequired}>
          {text('mfaRequired.label')}
        </Check>
        <Submit work={work}>{role === null ? text('create') : common('save')}</Submit>
        <button class="quiet" type="button" onClick={onClose}>
          {common('cancel')}
        </button>
        {role !== null && !role.builtIn && (
          <button class="quiet grave" type="button" onClick={() => setDeleting(true)}>
            {text('delete', { role: role.name })}
          </button>
        )}
      </Form>
    </Dialog>
  )
}

function Deletion({ name, onDone, onClose }: { name: string; onDone(): void; onClose(): void }) {
  const remove = async () => {
    await client.request('DELETE /roles/{name}', { path: { name } })
    announce(text('deleted', { role: name }))
    onDone()
  }
  return (
    <Confirm
      title={text('delete.title', { role: name })}
      lead={text('delete.lead')}
      action={text('delete', { role: name })}
      typed={name}
      onConfirm={remove}
      onClose={onClose}
    />
  )
}
