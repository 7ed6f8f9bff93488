import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { PosternError, type Session } from '../../client/index.ts'
import type { Permission } from '../../domain/permissions.ts'
import { client } from '../parts/client.ts'
import { explain, type Trouble } from '../parts/problem.ts'
import { goToSignIn } from '../parts/return-to.ts'
import { StepUpDialog } from '../parts/step-up.tsx'
import { common } from '../texts/common/index.ts'
import { text } from '../texts/console/index.ts'
import { Navigation } from './navigation.tsx'
import { followLinks, useAddress } from './parts/address.ts'
import { Announcements } from './parts/announce.tsx'
import { Placeholder } from './parts/load.tsx'
import { Page } from './parts/page.tsx'
import type { SectionProps } from './section-props.ts'
import { isSection, preloadSection, SECTIONS, type SectionId } from './sections.ts'

type User = Extract<Session, { status: 'signed_in' }>['user']

/** The console of administrators, for whoever is signed in. */
export function Console() {
  const [session, setSession] = useState<Session>(client.session)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const open = () => {
    setTrouble(null)
    client.getSession().then(setSession, (error: unknown) => setTrouble(explain(error)))
  }
  useEffect(() => {
    followLinks()
    preloadSection(new URLSearchParams(location.search).get('section'))
    open()
    return client.onSessionChange(setSession)
  }, [])
  useEffect(() => {
    if (session.status === 'signed_out') goToSignIn()
  }, [session])
  if (session.status === 'signed_in') return <Shell user={session.user} />
  return (
    <main class="content">
      <h1>{text('title')}</h1>
      <div role="alert">{trouble !== null && <p class="notice problem">{trouble.text}</p>}</div>
      {trouble === null ? (
        <Placeholder lines={8} />
      ) : (
        <button class="small" type="button" onClick={open}>
          {common('retry')}
        </button>
      )}
    </main>
  )
}

function Shell({ user }: { user: User }) {
  const address = useAddress()
  const may = (permission: Permission) => user.permissions.includes(permission)
  const shown = (Object.keys(SECTIONS) as SectionId[]).filter((id) => {
    const { permission } = SECTIONS[id]
    return permission === null ? user.permissions.length > 0 : may(permission)
  })
  const asked = address.get('section')
  const current = isSection(asked) ? asked : (shown[0] ?? 'users')
  return (
    <>
      <a class="skip" href="#content">
        {text('skip')}
      </a>
      <Navigation sections={shown} current={current} name={user.name ?? user.email} />
      <main class="content" id="content" tabIndex={-1}>
        {shown.includes(current) ? (
          <Loader key={current} id={current} address={address} may={may} />
        ) : (
          <NoRights hasAny={shown.length > 0} />
        )}
      </main>
      <Announcements />
      <StepUpDialog />
    </>
  )
}

/** Says that the reader's roles do not allow what they came for, and what helps. */
function NoRights({ hasAny }: { hasAny: boolean }) {
  return (
    <Page title={text(hasAny ? 'noRights.section' : 'noRights.title')} lead={text('noRights.lead')}>
      <a class="small" href="/account">
        {text('account')}
      </a>
    </Page>
  )
}

interface LoaderProps extends SectionProps {
  id: SectionId
}

/** Loads the script of a section and shows it. */
function Loader({ id, ...props }: LoaderProps) {
  const [section, setSection] = useState<{ Body: ComponentType<SectionProps> } | null>(null)
  const [hasFailed, setFailed] = useState(false)
  const load = () => {
    setFailed(false)
    SECTIONS[id].load().then(
      (Body) => setSection({ Body }),
      () => setFailed(true),
    )
  }
  useEffect(load, [])
  if (section !== null) return <section.Body {...props} />
  return (
    <Page title={text(`section.${id}`)}>
      <div role="alert">
        {hasFailed && (
          <div class="notice problem with-action">
            <p>{explain(new PosternError('offline')).text}</p>
            <button class="small" type="button" onClick={load}>
              {common('retry')}
            </button>
          </div>
        )}
      </div>
      {!hasFailed && <Placeholder lines={8} />}
    </Page>
  )
}
