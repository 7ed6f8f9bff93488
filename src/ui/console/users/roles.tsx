import { useState } from 'preact/hooks'
import { client } from '../../parts/client.ts'
import { Action, Problem, useWork } from '../../parts/form.tsx'
import { text } from '../../texts/users/index.ts'
import { announce } from '../parts/announce.tsx'
import { Check } from '../parts/inputs.tsx'
import { Loaded, useLoad } from '../parts/load.tsx'
import { Panel } from '../parts/page.tsx'
import type { PanelProps } from './panel-props.ts'

/** Everybody has this role, so it is never given or taken. */
const EVERYBODY = 'user'

export function UserRoles({ user, onChange }: PanelProps) {
  const roles = useLoad('roles', (signal) => client.request('GET /roles', { signal }))
  const [chosen, setChosen] = useState<readonly string[]>(user.roles)
  const work = useWork()
  const save = async () => {
    const answer = await client.request('PUT /users/{id}/roles', {
      path: { id: user.id },
      body: { roles: chosen },
    })
    onChange(answer)
    setChosen(answer.roles)
    announce(text('roles.saved'))
  }
  const isChanged = chosen.length !== user.roles.length || chosen.some((role) => !user.roles.includes(role))
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
                  isOn={name === EVERYBODY || chosen.includes(name)}
                  isDisabled={name === EVERYBODY}
                  onChange={(isOn) => setChosen(isOn ? [...chosen, name] : chosen.filter((role) => role !== name))}
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
