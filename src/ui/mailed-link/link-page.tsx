import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Done } from '../parts/done.tsx'
import { Form, Submit, useWork, type Values } from '../parts/form.tsx'
import { NewPassword } from '../parts/new-password.tsx'
import { text } from '../texts/mailed-link/index.ts'
import { isTaken, useMailedLink } from './use-mailed-link.ts'

interface LinkPageProps {
  /** Whose texts it shows. */
  name: 'notMe' | 'keep' | 'invited'
  asksPassword?: boolean
  redeem(body: { token: string; password: string }): Promise<unknown>
  /** What there is to know before the button is pressed. */
  children?: ComponentChildren
}

/**
 * A page that a link leads to which has no code beside it in its mail. Opening the page does nothing, because scanners
 * follow links; a person has to press the button.
 */
export function LinkPage({ name, asksPassword = false, redeem, children }: LinkPageProps) {
  const { token, drop } = useMailedLink()
  const [isDone, setDone] = useState(false)
  const work = useWork()
  useEffect(() => {
    if (token === null) work.say({ text: text('problem.link.alone'), fields: {} })
  }, [token])

  if (isDone) return <Done title={text(`${name}.done.title`)} lead={text(`${name}.done.text`)} />
  const submit = async ({ password = '' }: Values) => {
    if (token === null) return
    if (await isTaken(redeem({ token, password }))) setDone(true)
    else drop()
  }
  return (
    <>
      <h1>{text(`${name}.title`)}</h1>
      <p class="lead">{text(`${name}.intro`)}</p>
      {children}
      <Form work={work} onSubmit={submit}>
        {token !== null && (
          <>
            {asksPassword && <NewPassword work={work} />}
            <Submit work={work}>{text(`${name}.submit`)}</Submit>
          </>
        )}
      </Form>
    </>
  )
}
