import { useEffect, useState } from 'preact/hooks'
import {
  type Answer,
  canSuggestPasskeys,
  finishProviderSignIn,
  PosternError,
  signInWithPasskey,
  suggestPasskeys,
} from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Action, Field, Form, Submit, useWork, type Values, type Work } from '../parts/form.tsx'
import { returnTarget, withReturnTo } from '../parts/return-to.ts'
import { common } from '../texts/common/index.ts'
import { text } from '../texts/sign-in/index.ts'
import { Factor, type FactorNeeded } from './factor.tsx'
import { Providers } from './providers.tsx'

type Opened = Answer<'POST /auth/login'>

/** The sign-in: a password, a passkey or a provider, then a second factor where the account has one. */
export function SignIn() {
  const [needed, setNeeded] = useState<FactorNeeded | null>(null)
  const [isDone, setDone] = useState(false)
  const work = useWork()

  const go = () => {
    setDone(true)
    location.replace(returnTarget())
  }
  const take = (opened: Opened | null) => {
    if (opened?.status === 'mfa_required') setNeeded(opened)
    else if (opened?.status === 'signed_in') go()
  }

  useEffect(() => {
    void work.run(async () => take(await returnFromProvider(work)))
    // Somebody who is signed in already has nothing to do here.
    void client.getSession().then(
      ({ status }) => status === 'signed_in' && go(),
      () => undefined,
    )
  }, [])

  if (isDone) return <p role="status">{text('redirecting')}</p>
  if (needed !== null)
    return (
      <Factor
        needed={needed}
        onDone={go}
        onRestart={() => {
          setNeeded(null)
          work.say(null)
        }}
      />
    )
  return <FirstStep work={work} onOpened={take} />
}

/** Completes a sign-in at a provider, which brought the browser back here. */
async function returnFromProvider(work: Work): Promise<Opened | null> {
  try {
    return await finishProviderSignIn(client)
  } catch (error) {
    if (!(error instanceof PosternError) || error.code === 'offline') throw error
    const key = `provider.${error.code}`
    work.say({ text: text.has(key) ? text(key) : text('provider.failed'), fields: {} })
    return null
  }
}

function FirstStep({ work, onOpened }: { work: Work; onOpened(opened: Opened): void }) {
  useEffect(() => {
    const ended = new AbortController()
    void (async () => {
      if (await canSuggestPasskeys()) onOpened(await suggestPasskeys(client, { signal: ended.signal }))
    })().catch(() => undefined)
    return () => ended.abort()
  }, [])

  const logIn = async ({ identifier = '', password = '' }: Values) =>
    onOpened(await client.login({ identifier: identifier.trim(), password }))
  const usePasskey = async () => onOpened(await signInWithPasskey(client))
  return (
    <>
      <h1>{text('title')}</h1>
      <Form work={work} onSubmit={logIn}>
        <Field name="identifier" label={common('identifier')} work={work} autocomplete="username webauthn" />
        <Field name="password" label={common('password')} work={work} type="password" autocomplete="current-password" />
        <Submit work={work}>{text('submit')}</Submit>
      </Form>
      <p class="aside">
        <a href={withReturnTo('/forgot-password')}>{text('forgot')}</a>
      </p>
      <p class="aside">
        {text('noAccount')} <a href={withReturnTo('/sign-up')}>{text('signUp')}</a>
      </p>
      <p class="or">{text('or')}</p>
      <Action class="secondary" work={work} onPress={usePasskey}>
        {text('passkey')}
      </Action>
      <Providers work={work} />
    </>
  )
}
