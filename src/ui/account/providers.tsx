import { useState } from 'preact/hooks'
import { type Answer, linkProvider, type PosternError } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Action, Problem, Success, useWork } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { Section, State } from './section.tsx'

export type Provider = Answer<'GET /auth/oauth/providers'>['items'][number]

interface ProvidersProps {
  user: User
  providers: readonly Provider[]
  /** Why a provider to which this page led could not be connected. */
  refusal: PosternError | null
}

/** The accounts at providers that open this one. The page has this section only where there are any. */
export function Providers({ user, providers, refusal }: ProvidersProps) {
  const [unlinked, setUnlinked] = useState('')
  const unlinking = useWork()
  const linking = useWork()
  const link = ({ id }: Provider) => {
    unlinking.reset()
    return linkProvider(client, id)
  }
  const unlink = async ({ id, name }: Provider) => {
    linking.reset()
    await client.request('DELETE /auth/oauth/{provider}', { path: { provider: id } })
    setUnlinked(name)
    await client.reload()
  }
  const wasAsked = unlinking.isBusy || unlinking.isDone || unlinking.trouble !== null || linking.trouble !== null
  const earlier = refusal === null || wasAsked ? null : { text: explainRefusal(refusal), fields: {} }
  return (
    <Section id="providers" title={text('providers')} lead={text('providers.lead')}>
      <Problem trouble={linking.trouble ?? unlinking.trouble ?? earlier} />
      <ul class="rows">
        {providers.map((provider) => {
          const { id, name } = provider
          const isLinked = user.providers.includes(id)
          return (
            <li key={id} class="row">
              <div>
                <strong>{name}</strong>{' '}
                <State isOn={isLinked}>{text(isLinked ? 'providers.on' : 'providers.off')}</State>
              </div>
              <div class="buttons">
                {isLinked ? (
                  <Action
                    work={unlinking}
                    label={text('providers.unlink.which', { name })}
                    onPress={() => unlink(provider)}
                  >
                    {text('providers.unlink')}
                  </Action>
                ) : (
                  <Action work={linking} label={text('providers.link.which', { name })} onPress={() => link(provider)}>
                    {text('providers.link')}
                  </Action>
                )}
              </div>
            </li>
          )
        })}
      </ul>
      <Success work={unlinking}>{text('providers.unlinked', { name: unlinked })}</Success>
    </Section>
  )
}

function explainRefusal({ code }: PosternError): string {
  const key = `providers.${code}`
  return text.has(key) ? text(key) : text('providers.failed')
}
