import { useState } from 'preact/hooks'
import type { PosternError } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Action, Problem, useWork } from '../parts/form.tsx'
import type { User } from '../parts/session.ts'
import { StepUpDialog } from '../parts/step-up.tsx'
import { text } from '../texts/account/index.ts'
import { text as activity } from '../texts/activity/index.ts'
import { Activity } from './activity.tsx'
import { Authenticator } from './authenticator.tsx'
import { Data } from './data.tsx'
import { Devices } from './devices.tsx'
import { Email } from './email.tsx'
import { Navigation } from './navigation.tsx'
import { Passkeys } from './passkeys.tsx'
import { Password } from './password.tsx'
import { Avatar } from './picture.tsx'
import { Profile } from './profile.tsx'
import { type Provider, Providers } from './providers.tsx'
import { NewRecoveryCodes, RecoveryCodes } from './recovery-codes.tsx'
import { Section } from './section.tsx'

interface SignedInProps {
  user: User
  providers: readonly Provider[]
  refusal: PosternError | null
  onDeleting(isDeleting: boolean): void
  onDeleted(): void
}

/** All sections of the account, with the navigation to them. */
export function SignedInAccount({ user, providers, refusal, onDeleting, onDeleted }: SignedInProps) {
  const [codes, setCodes] = useState<readonly string[] | null>(null)
  const [round, setRound] = useState(0)
  const leaving = useWork()
  const onSessionsEnded = () => setRound((before) => before + 1)
  const hasProviders = providers.length > 0
  const sections: readonly (readonly [string, string])[] = [
    ['profile', text('profile')],
    ['sign-in', text('signIn.nav')],
    ['passkeys', text('passkeys')],
    ['factors', text('factors')],
    ['devices', text('devices')],
    ...(hasProviders ? [['providers', text('providers.nav')] as const] : []),
    ['activity', activity('title')],
    ['data', text('data')],
  ]
  return (
    <>
      <div class="account-top">
        <Avatar user={user} />
        <div>
          <h1>{text('title')}</h1>
          <p class="hint">{user.email}</p>
        </div>
        <Action class="secondary" work={leaving} onPress={() => client.logout()}>
          {text('signOut')}
        </Action>
      </div>
      <Problem trouble={leaving.trouble} />
      <div class="account-columns">
        <Navigation sections={sections} />
        <div class="sections">
          <Profile user={user} />
          <Section id="sign-in" title={text('signIn')}>
            <Email user={user} />
            <Password user={user} onSessionsEnded={onSessionsEnded} />
          </Section>
          <Passkeys user={user} onSessionsEnded={onSessionsEnded} onCodes={setCodes} />
          <Section id="factors" title={text('factors')} lead={text('factors.lead')}>
            <Authenticator user={user} onSessionsEnded={onSessionsEnded} onCodes={setCodes} />
            <RecoveryCodes user={user} onCodes={setCodes} />
          </Section>
          <Devices user={user} round={round} />
          {hasProviders && <Providers user={user} providers={providers} refusal={refusal} />}
          <Activity user={user} providers={providers} round={round} />
          <Data user={user} onDeleting={onDeleting} onDeleted={onDeleted} />
        </div>
      </div>
      {codes !== null && <NewRecoveryCodes user={user} codes={codes} onKept={() => setCodes(null)} />}
      <StepUpDialog />
    </>
  )
}
