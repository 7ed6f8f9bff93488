import { useEffect, useState } from 'preact/hooks'
import { type StepUpMethod, type StepUpNeeded, stepUpWithPasskey } from '../../client/index.ts'
import { common } from '../texts/common/index.ts'
import { answerStepUp, client } from './client.ts'
import { CodeField, readCode } from './code-field.tsx'
import { Dialog } from './dialog.tsx'
import { Action, Field, Form, Submit, useWork, type Values } from './form.tsx'

interface Asked extends StepUpNeeded {
  answer(isDone: boolean): void
}

/** The strongest way first, and the mailed code last, because it takes the longest. */
const ORDER: readonly StepUpMethod[] = ['passkey', 'totp', 'password', 'email', 'recovery_code']

/**
 * Asks the person to prove once more who they are, whenever a request of this page needs it. The request then goes on
 * by itself. A page has it once.
 */
export function StepUpDialog() {
  const [asked, setAsked] = useState<Asked | null>(null)
  useEffect(() => answerStepUp((needed) => new Promise((resolve) => setAsked({ ...needed, answer: resolve }))), [])
  const finish = (isDone: boolean) => {
    asked?.answer(isDone)
    setAsked(null)
  }
  return (
    asked !== null && (
      <Dialog title={common('stepUp.title')} onClose={() => finish(false)}>
        <Proof methods={asked.methods} onEnd={finish} />
      </Dialog>
    )
  )
}

function Proof({ methods, onEnd }: { methods: readonly StepUpMethod[]; onEnd(isDone: boolean): void }) {
  const offered = ORDER.filter((method) => methods.includes(method))
  const [method, setMethod] = useState(offered[0] ?? 'password')
  const work = useWork()
  const next = offered[(offered.indexOf(method) + 1) % offered.length]
  return (
    <>
      <p class="lead">{common('stepUp.lead')}</p>
      <ProofForm key={method} method={method} onDone={() => onEnd(true)} />
      {next !== undefined && next !== method && (
        <button class="quiet" type="button" onClick={() => setMethod(next)}>
          {common('stepUp.other')}
        </button>
      )}
      <button class="quiet" type="button" disabled={work.isBusy} onClick={() => onEnd(false)}>
        {common('cancel')}
      </button>
    </>
  )
}

function ProofForm({ method, onDone }: { method: StepUpMethod; onDone(): void }) {
  const work = useWork()
  const [isMailed, setMailed] = useState(false)
  if (method === 'passkey') {
    const use = async () => {
      await stepUpWithPasskey(client)
      onDone()
    }
    return (
      <Form work={work} onSubmit={use}>
        <Submit work={work}>{common('stepUp.passkey')}</Submit>
      </Form>
    )
  }
  if (method === 'email' && !isMailed) {
    const send = async () => {
      await client.request('POST /auth/step-up/email')
      setMailed(true)
    }
    return (
      <Form work={work} onSubmit={send}>
        <Submit work={work}>{common('stepUp.email.send')}</Submit>
      </Form>
    )
  }
  const prove = async (values: Values) => {
    if (method === 'password') await client.stepUp({ method, password: values.password ?? '' })
    else await client.stepUp({ method, code: readCode(values) })
    onDone()
  }
  return (
    <Form work={work} onSubmit={prove}>
      {method === 'password' ? (
        <Field
          name="password"
          label={common('stepUp.password')}
          work={work}
          type="password"
          autocomplete="current-password"
          hasFocus
        />
      ) : (
        <CodeField label={common(`stepUp.${method}`)} work={work} hasLetters={method === 'recovery_code'} hasFocus />
      )}
      <Submit work={work}>{common('stepUp.submit')}</Submit>
      {method === 'email' && (
        <Action work={work} onPress={() => client.request('POST /auth/step-up/email')}>
          {common('stepUp.email.send')}
        </Action>
      )}
    </Form>
  )
}
