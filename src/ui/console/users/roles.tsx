import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { Loaded, useLoad } from '../../parts/load.tsx'
import { text } from '../../texts/users/index.ts'
import { announce } from '../parts/announce.tsx'
import { Check } from '../parts/inputs.tsx'
import { Panel } from '../parts/page.tsx'
import type { PanelProps } from './panel-props.ts'

/** Everybody has this role, so it is never given or taken. */
const EVERYBODY = 'user'

export function UserRoles({ user, onChange }: PanelProps) {
  const roles = useLoad((signal) => client.request('GET /roles', { signal }))
  /** What was ticked (true) or unticked here, and is not saved. */
  const [ticks, setTicks] = useState<ReadonlyMap<string, boolean>>(new Map())
  const work = useWork()
  const path = { id: user.id }
  const apply = (held: readonly string[]) =>
    [...new Set([...held, ...ticks.keys()])].filter((role) => ticks.get(role) ?? true)
  const save = async () => {
    // The service takes the whole list, and another administrator may have changed it since it was shown.
    const { roles: held } = await client.request('GET /users/{id}', { path })
    onChange(await client.request('PUT /users/{id}/roles', { path, body: { roles: apply(held) } }))
    setTicks(new Map())
    announce(text('roles.saved'))
  }
  const isOn = (role: string) => ticks.get(role) ?? user.roles.includes(role)
  const isChanged = [...ticks].some(([role, isTicked]) => isTicked !== user.roles.includes(role))
  return (
    <Panel title={text('roles')}>
      <Loaded load={roles} lines={3}>
        {({ items }) => (
          <>
            <Problem trouble={work.trouble} />
            <div class="checks">
              {items.map(({ name, description }) => (
                <Check
                  key={name}
                  isOn={name === EVERYBODY || isOn(name)}
                  isDisabled={name === EVERYBODY}
                  onChange={(isTicked) => setTicks(new Map(ticks).set(name, isTicked))}
                >
                  {name}
                  <span class="hint"> {name === EVERYBODY ? text('roles.everybody') : description}</span>
                </Check>
              ))}
            </div>
            {isChanged && (
              <Action class="small main" work={work} onPress={save}>
                {text('roles.save')}
              </Action>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  )
}
