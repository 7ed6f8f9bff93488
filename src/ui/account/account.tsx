import { useEffect, useRef, useState } from 'preact/hooks'
import { finishProviderSignIn, PosternError } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Problem, useWork } from '../parts/form.tsx'
import { goToSignIn } from '../parts/return-to.ts'
import { useSession } from '../parts/session.ts'
import { text } from '../texts/account/index.ts'
import { common } from '../texts/common/index.ts'
import type { Provider } from './providers.tsx'
import { SignedInAccount } from './signed-in.tsx'

/** The page on which people look after their account. Somebody who is signed out is sent to the sign-in. */
export function Account() {
  const session = useSession()
  const [providers, setProviders] = useState<readonly Provider[] | null>(null)
  const [refusal, setRefusal] = useState<PosternError | null>(null)
  const [isDeleted, setDeleted] = useState(false)
  /** Whoever deletes the account is signed out by that, and stays here to read what happens then. */
  const isDeleting = useRef(false)
  const work = useWork()

  const load = () =>
    work.run(async () => {
      const [, offered] = await Promise.all([client.getSession(), client.request('GET /auth/oauth/providers')])
      setProviders(offered.items)
    })
  useEffect(() => {
    void finishProviderSignIn(client)
      .catch((error: unknown) => setRefusal(refusalOf(error)))
      .then(load)
  }, [])
  useEffect(() => {
    if (session.status === 'signed_out' && !isDeleting.current) goToSignIn()
  }, [session.status])
  // What the address names is there only now.
  const isReady = session.status === 'signed_in' && providers !== null
  useEffect(() => {
    if (isReady && location.hash !== '') document.getElementById(location.hash.slice(1))?.scrollIntoView()
  }, [isReady])

  if (isDeleted) return <Deleted />
  if (session.status === 'signed_out') return <p role="status">{text('leaving')}</p>
  if (work.trouble !== null)
    return (
      <div class="card">
        <h1>{text('title')}</h1>
        <Problem trouble={work.trouble} />
        <button class="primary" type="button" onClick={() => void load()}>
          {common('retry')}
        </button>
      </div>
    )
  if (session.status === 'loading' || providers === null)
    return (
      <>
        <div class="account-top">
          <span class="avatar" />
          <h1>{text('title')}</h1>
        </div>
        <p class="skeleton" role="status">
          {common('loading')}
        </p>
      </>
    )
  return (
    <SignedInAccount
      user={session.user}
      providers={providers}
      refusal={refusal}
      onDeleting={(isNow) => {
        isDeleting.current = isNow
      }}
      onDeleted={() => setDeleted(true)}
    />
  )
}

function refusalOf(error: unknown): PosternError {
  if (!(error instanceof PosternError)) throw error
  return error
}

function Deleted() {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])
  return (
    <section class="card">
      <h1 ref={heading} tabIndex={-1}>
        {text('deleted.title')}
      </h1>
      <p class="lead">{text('deleted.lead')}</p>
      <a class="primary" href="/">
        {text('deleted.home')}
      </a>
    </section>
  )
}
