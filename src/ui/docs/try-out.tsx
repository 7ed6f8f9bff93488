import { useId, useRef, useState } from 'preact/hooks'
import { Problem, useWork } from '../parts/form.tsx'
import { text } from '../texts/docs/index.ts'
import { type ApiDocument, makeExample, type Operation, type Parameter, resolveSchema } from './document.ts'
import { Prose } from './prose.tsx'
import { nameType } from './shape.tsx'
import { type Filled, type Outcome, tryOperation, writeAddress } from './try.ts'

interface TryOutProps {
  document: ApiDocument
  operation: Operation
  isSignedIn: boolean
}

/** Sends a request to a route with what the reader fills in, and shows the answer. */
export function TryOut({ document, operation, isSignedIn }: TryOutProps) {
  const { parameters, body, opener, answers } = operation
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const form = useRef<HTMLFormElement>(null)
  const work = useWork()
  /** A browser is sent there. No script sees where it leads. */
  const isForBrowser = !answers.some(({ status }) => status.startsWith('2'))
  const open = () => {
    if (form.current !== null) window.open(writeAddress(operation, read(operation, form.current)), '_blank', 'noopener')
  }
  const submit = (event: Event) => {
    event.preventDefault()
    const { current } = form
    if (current === null) return
    if (isForBrowser) open()
    else void work.run(async () => setOutcome(await tryOperation(operation, read(operation, current))))
  }
  return (
    <>
      <h4>{text('try')}</h4>
      <form ref={form} onSubmit={submit} autocomplete="off">
        {parameters.length > 0 && (
          <div class="parameters">
            {parameters.map((parameter) => (
              <ParameterField key={parameter.name} document={document} parameter={parameter} />
            ))}
          </div>
        )}
        {body !== null && <BodyField document={document} operation={operation} />}
        {opener === 'client' && (
          <>
            <TextField name="clientId" label={text('clientId')} isRequired />
            <TextField name="clientSecret" label={text('clientSecret')} type="password" isRequired />
          </>
        )}
        {opener === 'session' && !isSignedIn && <p class="hint">{text('needsSignIn')}</p>}
        <Problem trouble={work.trouble} />
        <button class="primary" type="submit" aria-disabled={work.isBusy} aria-busy={work.isBusy}>
          {text(isForBrowser ? 'open' : 'send')}
        </button>
      </form>
      <Answered outcome={outcome} onOpen={open} />
    </>
  )
}

/** Reads what was filled in. A file is the body where the route takes one. */
function read({ parameters, body, opener }: Operation, form: HTMLFormElement): Filled {
  const data = new FormData(form)
  const textOf = (name: string) => String(data.get(name) ?? '')
  const valuesOf = (place: Parameter['in']) =>
    Object.fromEntries(
      parameters.flatMap(({ in: where, name }) => (where === place ? [[name, textOf(`${place}.${name}`)]] : [])),
    )
  const given = data.get('body')
  return {
    path: valuesOf('path'),
    query: valuesOf('query'),
    body: body === null || given === '' ? null : given,
    basic: opener === 'client' ? { id: textOf('clientId'), secret: textOf('clientSecret') } : null,
  }
}

interface TextFieldProps {
  name: string
  label: string
  type?: 'text' | 'password'
  isRequired?: boolean
}

function TextField({ name, label, type = 'text', isRequired = false }: TextFieldProps) {
  const id = useId()
  const attributes: object = { type }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} name={name} required={isRequired} autocomplete="off" spellcheck={false} {...attributes} />
    </div>
  )
}

function ParameterField({ document, parameter }: { document: ApiDocument; parameter: Parameter }) {
  const id = useId()
  const { name, in: place, required = false } = parameter
  const schema = resolveSchema(document, parameter.schema)
  const { description } = schema
  const common = {
    id,
    name: `${place}.${name}`,
    required,
    'aria-describedby': description === undefined ? undefined : `${id}-about`,
  }
  return (
    <div class="field">
      <label for={id}>
        <code>{name}</code>{' '}
        <span class="type">
          {nameType(document, parameter.schema)}
          {!required && `, ${text('optional')}`}
        </span>
      </label>
      {schema.enum === undefined ? (
        <input {...common} autocomplete="off" autocapitalize="none" spellcheck={false} />
      ) : (
        <select {...common}>
          {!required && <option value="" />}
          {schema.enum.map((value) => (
            <option key={String(value)}>{String(value)}</option>
          ))}
        </select>
      )}
      {description !== undefined && (
        <p class="hint" id={`${id}-about`}>
          <Prose>{description}</Prose>
        </p>
      )}
    </div>
  )
}

function BodyField({ document, operation: { body } }: { document: ApiDocument; operation: Operation }) {
  const id = useId()
  if (body === null) return null
  const { media, schema, isRequired } = body
  if (media === 'image/*')
    return (
      <div class="field">
        <label for={id}>{text('file')}</label>
        <input id={id} name="body" type="file" accept={media} required={isRequired} />
      </div>
    )
  const example = makeExample(document, schema, () => '')
  const filled = write(media, example)
  return (
    <div class="field">
      <label for={id}>
        {text('body')} <span class="type">{media}</span>
      </label>
      <textarea
        id={id}
        name="body"
        rows={Math.min(filled.split('\n').length, 20)}
        spellcheck={false}
        autocapitalize="none"
        defaultValue={filled}
      />
    </div>
  )
}

function write(media: string, example: unknown): string {
  if (typeof example === 'string') return example
  if (media === 'application/json') return JSON.stringify(example, null, 2)
  return String(new URLSearchParams(example as Record<string, string>))
}

function Answered({ outcome, onOpen }: { outcome: Outcome | null; onOpen(): void }) {
  return (
    <>
      <p class="outcome" role="status">
        {outcome !== null &&
          (outcome.isRedirect
            ? text('redirected')
            : text('answered', { status: outcome.status, milliseconds: outcome.milliseconds }))}
      </p>
      {outcome?.isRedirect && (
        <button class="secondary" type="button" onClick={onOpen}>
          {text('open')}
        </button>
      )}
      {outcome !== null && !outcome.isRedirect && (
        <>
          {outcome.body === '' ? (
            <p class="hint">{text('empty')}</p>
          ) : (
            <Code label={text('answer')}>{outcome.body}</Code>
          )}
          <details>
            <summary>{text('headers')}</summary>
            <Code label={text('headers')}>
              {outcome.headers.map(([name, value]) => `${name}: ${value}`).join('\n')}
            </Code>
          </details>
        </>
      )}
    </>
  )
}

/** A text of a machine, which can be scrolled by the keyboard. */
function Code({ label, children }: { label: string; children: string }) {
  return (
    <section aria-label={label}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard (WCAG 2.2 §2.1.1) */}
      <pre tabIndex={0}>{children}</pre>
    </section>
  )
}
