import { useRef, useState } from 'preact/hooks'
import { type Answer, type Session, signInWithPasskey } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Dialog } from '../parts/dialog.tsx'
import { Action, Field, Form, Problem, Submit, useWork, type Values } from '../parts/form.tsx'
import { FactorChoice, type FactorNeeded } from '../sign-in/factor.tsx'
import { common } from '../texts/common/index.ts'
import { text } from '../texts/docs/index.ts'
import { text as signInText } from '../texts/sign-in/index.ts'

/** Says who is signed in, and lets people sign in and out where they are. */
export function SessionBar({ session }: { session: Session }) {
  const [isAsking, setAsking] = useState(false)
  const said = useRef<HTMLParagraphElement>(null)
  const work = useWork()
  const finish = () => {
    setAsking(false)
    // The button that had the focus before is gone.
    requestAnimationFrame(() => said.current?.focus())
  }
  return (
    <div class="session-bar" aria-busy={session.status === 'loading'}>
      <p ref={said} tabIndex={-1} role="status">
        {session.status === 'signed_in' && text('signedIn', { email: session.user.email })}
        {session.status === 'signed_out' && text('signedOut')}
      </p>
      {session.status === 'signed_out' && (
        <button class="secondary" type="button" onClick={() => setAsking(true)}>
          {text('signIn')}
        </button>
      )}
      {session.status === 'signed_in' && (
        <Action class="secondary" work={work} onPress={() => client.logout()}>
          {text('signOut')}
        </Action>
      )}
      <Problem trouble={work.trouble} />
      {isAsking && <SignInDialog onDone={finish} onClose={() => setAsking(false)} />}
    </div>
  )
}

function SignInDialog({ onDone, onClose }: { onDone(): void; onClose(): void }) {
  const [needed, setNeeded] = useState<FactorNeeded | null>(null)
  return (
    <Dialog title={needed === null ? text('signIn') : signInText('factor.title')} onClose={onClose}>
      {needed === null ? (
        <FirstStep onDone={onDone} onNeeded={setNeeded} />
      ) : (
        <FactorChoice needed={needed} onDone={onDone} onRestart={() => setNeeded(null)} />
      )}
      <button class="quiet" type="button" onClick={onClose}>
        {common('cancel')}
      </button>
    </Dialog>
  )
}

function FirstStep({ onDone, onNeeded }: { onDone(): void; onNeeded(needed: FactorNeeded): void }) {
  const work = useWork()
  const take = (answer: Answer<'POST /auth/login'>) => (answer.status === 'mfa_required' ? onNeeded(answer) : onDone())
  const logIn = async ({ identifier = '', password = '' }: Values) =>
    take(await client.login({ identifier: identifier.trim(), password }))
  return (
    <>
      <Form work={work} onSubmit={logIn}>
        <Field name="identifier" label={common('identifier')} work={work} autocomplete="username" hasFocus />
        <Field name="password" label={common('password')} work={work} type="password" autocomplete="current-password" />
        <Submit work={work}>{signInText('submit')}</Submit>
      </Form>
      <Action class="secondary" work={work} onPress={async () => take(await signInWithPasskey(client))}>
        {signInText('passkey')}
      </Action>
      <p class="aside">
        <a href={`/sign-in?${new URLSearchParams({ return_to: location.pathname })}`}>{text('signIn.other')}</a>
      </p>
    </>
  )
}
