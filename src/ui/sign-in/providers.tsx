import { useEffect, useState } from 'preact/hooks'
import { type Answer, signInWithProvider } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Action, type Work } from '../parts/form.tsx'
import { text } from '../texts/sign-in/index.ts'

type Provider = Answer<'GET /auth/oauth/providers'>['items'][number]

/** A button for each provider that the deployment has. Where they cannot be read, the password is still there. */
export function Providers({ work }: { work: Work }) {
  const [providers, setProviders] = useState<readonly Provider[]>([])
  useEffect(() => {
    client.request('GET /auth/oauth/providers').then(
      ({ items }) => setProviders(items),
      () => undefined,
    )
  }, [])
  return (
    <>
      {providers.map(({ id, name }) => (
        <Action
          key={id}
          class="secondary"
          work={work}
          onPress={() => signInWithProvider(client, id, { redirectTo: location.href })}
        >
          {text('provider', { name })}
        </Action>
      ))}
    </>
  )
}
