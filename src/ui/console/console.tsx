import type { ComponentType } from 'preact'
import { useEffect } from 'preact/hooks'
import { PosternError } from '../../client/index.ts'
import type { Permission } from '../../domain/permissions.ts'
import { client } from '../parts/client.ts'
import { Loaded, Placeholder, useLoad } from '../parts/load.tsx'
import { goToSignIn } from '../parts/return-to.ts'
import { type User, useSession } from '../parts/session.ts'
import { StepUpDialog } from '../parts/step-up.tsx'
import { text } from '../texts/console/index.ts'
import { Navigation } from './navigation.tsx'
import { followLinks, useAddress } from './parts/address.ts'
import { Announcements } from './parts/announce.tsx'
import { Page } from './parts/page.tsx'
import type { SectionProps } from './section-props.ts'
import { isSection, preloadSection, SECTIONS, type SectionId } from './sections.ts'

/** The console of administrators, for whoever is signed in. */
export function Console() {
  const session = useSession()
  const opening = useLoad(() => client.getSession())
  useEffect(() => {
    followLinks()
    preloadSection(new URLSearchParams(location.search).get('section'))
  }, [])
  useEffect(() => {
    if (session.status === 'signed_out') goToSignIn()
  }, [session])
  if (session.status === 'signed_in') return <Shell user={session.user} />
  return (
    <main class="content">
      <h1>{text('title')}</h1>
      <Loaded load={opening} lines={8}>
        {() => <Placeholder lines={8} />}
      </Loaded>
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
  const section = useLoad<ComponentType<SectionProps>>(() => SECTIONS[id].load().catch(throwOffline))
  const Body = section.value
  if (Body !== null) return <Body {...props} />
  return (
    <Page title={text(`section.${id}`)}>
      <Loaded load={section} lines={8}>
        {() => null}
      </Loaded>
    </Page>
  )
}

function throwOffline(cause: unknown): never {
  throw new PosternError('offline', { cause })
}
