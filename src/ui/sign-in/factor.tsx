import { useState } from 'preact/hooks'
import { type Answer, signInWithPasskey } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { CodeField, readCode } from '../parts/code-field.tsx'
import { Action, Form, Submit, useWork, type Values } from '../parts/form.tsx'
import { text } from '../texts/sign-in/index.ts'

export type FactorNeeded = Extract<Answer<'POST /auth/login'>, { status: 'mfa_required' }>
type Method = FactorNeeded['methods'][number]

/** The strongest way first; the recovery code last, because each works only once. */
const ORDER: readonly Method[] = ['passkey', 'totp', 'email', 'recovery_code']

interface FactorProps {
  needed: FactorNeeded
  onDone(): void
  onRestart(): void
}

/** The second step of a sign-in, as a page. */
export function Factor(props: FactorProps) {
  return (
    <>
      <h1>{text('factor.title')}</h1>
      <FactorChoice {...props} />
    </>
  )
}

/** Lets the person confirm the sign-in by whichever factor is at hand. */
export function FactorChoice({ needed: { ticket, methods }, onDone, onRestart }: FactorProps) {
  const offered = ORDER.filter((method) => methods.includes(method))
  const [method, setMethod] = useState<Method>(offered[0] ?? 'recovery_code')
  return (
    <>
      <p class="lead">{text('factor.lead')}</p>
      <FactorForm key={method} ticket={ticket} method={method} onDone={onDone} />
      {offered
        .filter((other) => other !== method)
        .map((other) => (
          <button key={other} class="quiet" type="button" onClick={() => setMethod(other)}>
            {text(`factor.use.${other}`)}
          </button>
        ))}
      <button class="quiet" type="button" onClick={onRestart}>
        {text('factor.back')}
      </button>
    </>
  )
}

function FactorForm({ ticket, method, onDone }: { ticket: string; method: Method; onDone(): void }) {
  const work = useWork()
  const [isMailed, setMailed] = useState(false)
  const [rememberDevice, setRemembered] = useState(false)
  const sendMail = async () => {
    await client.request('POST /auth/login/mfa/email', { body: { ticket } })
    setMailed(true)
  }
  const confirm = async (values: Values) => {
    if (method === 'passkey') await signInWithPasskey(client, { mfaTicket: ticket, rememberDevice })
    else if (method === 'email' && !isMailed) return await sendMail()
    else await client.verifyFactor({ ticket, method, code: readCode(values), rememberDevice })
    onDone()
  }
  const label = { passkey: 'factor.passkey', email: 'factor.email.send' } as const
  const needsCode = method === 'totp' || method === 'recovery_code' || (method === 'email' && isMailed)
  return (
    <Form work={work} onSubmit={confirm}>
      {needsCode && (
        <CodeField
          label={text(`factor.${method}`)}
          hint={text(`factor.${method}.hint`)}
          work={work}
          hasLetters={method === 'recovery_code'}
          hasFocus
        />
      )}
      <label class="check">
        <input type="checkbox" checked={rememberDevice} onChange={() => setRemembered(!rememberDevice)} />
        {text('factor.remember')}
      </label>
      <Submit work={work}>{text(needsCode ? 'factor.submit' : label[method as keyof typeof label])}</Submit>
      {method === 'email' && isMailed && (
        <Action work={work} onPress={sendMail}>
          {text('factor.email.again')}
        </Action>
      )}
    </Form>
  )
}
