import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { common } from '../texts/common/index.ts'
import { explain, type FieldProblems, type Trouble } from './problem.ts'

/** What was typed, by the names of the fields. */
export type Values = Readonly<Record<string, string>>

/** What a form is doing: whether it waits for an answer, and how it went the last time. */
export interface Work {
  isBusy: boolean
  isDone: boolean
  trouble: Trouble | null
  /** Does something, and keeps what went wrong. A second call while the first waits does nothing. */
  run(task: () => Promise<unknown>): Promise<void>
  say(trouble: Trouble | null): void
  /** Forgets how it went. */
  reset(): void
}

/** `beside` says which refusals concern one field alone. */
export function useWork(beside: FieldProblems = {}): Work {
  const [isBusy, setBusy] = useState(false)
  const [isDone, setDone] = useState(false)
  const [trouble, say] = useState<Trouble | null>(null)
  const isRunning = useRef(false)
  const reset = () => {
    setDone(false)
    say(null)
  }
  const run = async (task: () => Promise<unknown>) => {
    if (isRunning.current) return
    isRunning.current = true
    setBusy(true)
    reset()
    try {
      await task()
      setDone(true)
    } catch (error) {
      say(explain(error, beside))
    } finally {
      isRunning.current = false
      setBusy(false)
    }
  }
  return { isBusy, isDone, trouble, run, say, reset }
}

interface FormProps {
  work: Work
  /** Gets what was typed, by the names of the fields. */
  onSubmit(values: Values): Promise<unknown>
  children: ComponentChildren
}

/** A form that is sent by script. It checks that nothing is missing, and moves to the first field that is wrong. */
export function Form({ work, onSubmit, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => {
    const { trouble } = work
    if (trouble !== null) form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
  }, [work.trouble])

  const submit = (event: Event) => {
    event.preventDefault()
    const values = readInputs(form.current?.querySelectorAll('input') ?? [], work)
    if (values !== null) void work.run(() => onSubmit(values))
  }
  return (
    <form ref={form} noValidate onSubmit={submit}>
      <Problem trouble={work.trouble} />
      {children}
    </form>
  )
}

/** Reads what was typed, by the names of the fields. Where something is wrong, it says so, and answers null. */
function readInputs(given: Iterable<HTMLInputElement>, work: Work): Values | null {
  const inputs = [...given]
  const wrong = inputs.filter(({ validity }) => !validity.valid)
  if (wrong.length === 0) return Object.fromEntries(inputs.map(({ name, value }) => [name, value]))
  work.say({ text: '', fields: Object.fromEntries(wrong.map((input) => [input.name, complaintOf(input)])) })
  return null
}

const complaintOf = ({ validity, type, dataset }: HTMLInputElement) =>
  validity.typeMismatch && type === 'email' ? common('email.invalid') : (dataset.complaint ?? common('required'))

/** Says in a live region what went wrong. The region is always there, because only then it is read out. */
export function Problem({ trouble }: { trouble: Trouble | null }) {
  return (
    <div role="alert">{trouble !== null && trouble.text !== '' && <p class="notice problem">{trouble.text}</p>}</div>
  )
}

/** Says in a live region that the last thing was done. */
export function Success({ work, children }: { work: Work; children: ComponentChildren }) {
  return (
    <p class="success" role="status">
      {work.isDone ? children : ''}
    </p>
  )
}

interface FieldProps {
  name: string
  label: string
  work: Work
  type?: 'text' | 'email' | 'password'
  autocomplete: string
  inputMode?: 'numeric'
  value?: string
  hint?: string | undefined
  isOptional?: boolean
  maxLength?: number
  /** The whole value must match it. */
  pattern?: string
  /** What is said where the value is missing or does not match. */
  complaint?: string
  /** Rules of the service's passwords for password managers (https://www.w3.org/TR/passwordrules). */
  passwordRules?: string
  hasFocus?: boolean
}

/** A field with its label, its hint, and what is wrong with it. */
export function Field({
  name,
  label,
  work,
  type = 'text',
  hint,
  isOptional = false,
  hasFocus = false,
  ...rest
}: FieldProps) {
  const id = useId()
  const [isShown, setShown] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (hasFocus) input.current?.focus()
  }, [hasFocus])
  const error = work.trouble?.fields[name]
  const describedBy = [...(hint === undefined ? [] : [`${id}-hint`]), ...(error === undefined ? [] : [`${id}-error`])]
  const { passwordRules, complaint, value, ...given } = rest
  // Preact's types have an input of each type for itself.
  const attributes: object = {
    ...given,
    type: isShown ? 'text' : type,
    'data-complaint': complaint,
    ...(passwordRules === undefined ? {} : { passwordrules: passwordRules }),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class={type === 'password' ? 'with-button' : undefined}>
        <input
          ref={input}
          id={id}
          name={name}
          required={!isOptional}
          defaultValue={value}
          aria-invalid={error !== undefined}
          aria-describedby={describedBy.join(' ') || undefined}
          autocapitalize="none"
          spellcheck={false}
          {...attributes}
        />
        {type === 'password' && (
          <button
            class="inside"
            type="button"
            aria-pressed={isShown}
            aria-controls={id}
            onClick={() => setShown(!isShown)}
          >
            {common(isShown ? 'password.hide' : 'password.show')}
          </button>
        )}
      </div>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  )
}

interface SubmitProps {
  work: Work
  /** What it does cannot be undone. */
  isDanger?: boolean
  children: ComponentChildren
}

/** The button that sends a form. It is not disabled while it waits, because it would lose the focus then. */
export function Submit({ work, isDanger = false, children }: SubmitProps) {
  return (
    <button
      class={isDanger ? 'primary danger' : 'primary'}
      type="submit"
      aria-disabled={work.isBusy}
      aria-busy={work.isBusy}
    >
      {children}
    </button>
  )
}

interface ActionProps {
  work: Work
  /** Gets what was typed into the fields that it needs. */
  onPress(values: Values): Promise<unknown>
  /** The names of the fields of the form around it that it needs. The others may be empty. */
  needs?: readonly string[]
  class?: string
  /** What a screen reader says where the text alone could be one of several. It begins with the text. */
  label?: string
  children: ComponentChildren
}

/** A button that does something by itself. */
export function Action({ work, onPress, needs = [], children, ...rest }: ActionProps) {
  const press = ({ currentTarget }: { currentTarget: HTMLButtonElement }) => {
    const inputs = currentTarget.form?.querySelectorAll('input') ?? []
    const values = readInputs(
      [...inputs].filter(({ name }) => needs.includes(name)),
      work,
    )
    if (values !== null) void work.run(() => onPress(values))
  }
  return (
    <button
      class={rest.class ?? 'quiet'}
      type="button"
      aria-label={rest.label}
      aria-disabled={work.isBusy}
      onClick={press}
    >
      {children}
    </button>
  )
}
