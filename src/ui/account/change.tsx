import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Form, Submit, type Values, type Work } from '../parts/form.tsx'
import { common } from '../texts/common/index.ts'
import { focusSection } from './section.tsx'

interface ChangeProps {
  title: string
  /** What is there before anything changes. */
  about: ComponentChildren
  /** The section that has the focus when the form is gone. */
  section: string
  /** What the button says that opens the form, and what the one says that sends it. */
  open: string
  submit: string
  work: Work
  onOpen?(): void
  /** Gets what was typed. The form closes when it is done. */
  onSubmit(values: Values): Promise<unknown>
  fields: ComponentChildren
  /** What else can be done while the form is open. */
  otherwise?: ComponentChildren
  /** How it went. */
  children: ComponentChildren
}

/** Something that is changed by a form, which opens when somebody asks for it. */
export function Change({ title, about, section, open, submit, work, onOpen, onSubmit, ...rest }: ChangeProps) {
  const [isOpen, setOpen] = useState(false)
  const close = () => {
    setOpen(false)
    focusSection(section)
  }
  const send = async (values: Values) => {
    await onSubmit(values)
    close()
  }
  const begin = () => {
    work.reset()
    onOpen?.()
    setOpen(true)
  }
  return (
    <div class="block">
      <h3>{title}</h3>
      {about}
      {isOpen ? (
        <Form work={work} onSubmit={send}>
          {rest.fields}
          <div class="buttons">
            <Submit work={work}>{submit}</Submit>
            {rest.otherwise}
            <button class="quiet" type="button" onClick={close}>
              {common('cancel')}
            </button>
          </div>
        </Form>
      ) : (
        <button class="secondary" type="button" onClick={begin}>
          {open}
        </button>
      )}
      {rest.children}
    </div>
  )
}
