import { useEffect, useState } from 'preact/hooks'
import { text } from '../texts/docs/index.ts'
import type { ApiDocument, Operation as Described } from './document.ts'
import { Prose } from './prose.tsx'
import { hasMembers, Shape } from './shape.tsx'
import { TryOut } from './try-out.tsx'

interface OperationProps {
  document: ApiDocument
  operation: Described
  isSignedIn: boolean
  /** The address of the page names it. */
  isLinked: boolean
}

/** A route: a line that opens to all there is to say about it. */
export function Operation({ document, operation, isSignedIn, isLinked }: OperationProps) {
  const [isOpen, setOpen] = useState(isLinked)
  useEffect(() => {
    if (isLinked) setOpen(true)
  }, [isLinked])
  const { id, method, path, summary } = operation
  const toggle = () => {
    setOpen(!isOpen)
    history.replaceState(history.state, '', isOpen ? location.pathname : `#${id}`)
  }
  return (
    <article class="operation" id={id}>
      <h3>
        <button type="button" aria-expanded={isOpen} aria-controls={`${id}-body`} onClick={toggle}>
          <span class={`method ${method.toLowerCase()}`}>{method}</span> <code>{path}</code>{' '}
          <span class="summary">
            <Prose>{summary}</Prose>
          </span>
        </button>
      </h3>
      <div id={`${id}-body`} class="operation-body" hidden={!isOpen}>
        {isOpen && (
          <>
            <About document={document} operation={operation} />
            <TryOut document={document} operation={operation} isSignedIn={isSignedIn} />
            <Answers document={document} operation={operation} />
          </>
        )}
      </div>
    </article>
  )
}

interface PartProps {
  document: ApiDocument
  operation: Described
}

function About({ document, operation: { description, opener, body } }: PartProps) {
  return (
    <>
      {description !== undefined && (
        <p>
          <Prose>{description}</Prose>
        </p>
      )}
      <p class="hint">{text(`opener.${opener ?? 'none'}`)}</p>
      {body !== null && hasMembers(document, body.schema) && (
        <>
          <h4>{text('takes')}</h4>
          <Shape document={document} schema={body.schema} />
        </>
      )}
    </>
  )
}

function Answers({ document, operation: { id, answers } }: PartProps) {
  return (
    <>
      <h4 id={`${id}-answers`}>{text('answers')}</h4>
      <table class="answers" aria-labelledby={`${id}-answers`}>
        <thead>
          <tr>
            <th scope="col">{text('status')}</th>
            <th scope="col">{text('meaning')}</th>
          </tr>
        </thead>
        <tbody>
          {answers.map(({ status, description, schema }) => (
            <tr key={status}>
              <th scope="row">{status}</th>
              <td>
                <Prose>{description}</Prose>
                {status.startsWith('2') && schema !== null && hasMembers(document, schema) && (
                  <details>
                    <summary>{text('members')}</summary>
                    <Shape document={document} schema={schema} />
                  </details>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
