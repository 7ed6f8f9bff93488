import { useEffect, useId, useState } from 'preact/hooks'
import { PosternError, type Session } from '../../client/index.ts'
import { client } from '../parts/client.ts'
import { Loaded, useLoad } from '../parts/load.tsx'
import { StepUpDialog } from '../parts/step-up.tsx'
import { text } from '../texts/docs/index.ts'
import { type ApiDocument, type Operation as Described, listOperations } from './document.ts'
import { Operation } from './operation.tsx'
import { Prose } from './prose.tsx'
import { SessionBar } from './session-bar.tsx'

/** The page that describes every route of the service, and lets people try each of them. */
export function Docs() {
  const [session, setSession] = useState<Session>(client.session)
  const document = useLoad(loadDocument)
  useEffect(() => {
    // Where nobody can tell who is signed in, the document can be read all the same.
    client.getSession().then(setSession, () => setSession({ status: 'signed_out' }))
    return client.onSessionChange(setSession)
  }, [])
  return (
    <>
      <div class="docs-top">
        <div>
          <h1>{text('title')}</h1>
          <p class="lead">{text('lead')}</p>
        </div>
        <SessionBar session={session} />
      </div>
      <Loaded load={document} lines={12}>
        {(described) => <Routes document={described} isSignedIn={session.status === 'signed_in'} />}
      </Loaded>
      <StepUpDialog />
    </>
  )
}

async function loadDocument(signal: AbortSignal): Promise<ApiDocument> {
  const response = await fetch('/openapi.json', { signal }).catch((cause: unknown) => {
    throw new PosternError('offline', { cause })
  })
  if (!response.ok) throw new PosternError('unexpected_answer', { response })
  return await response.json()
}

function Routes({ document, isSignedIn }: { document: ApiDocument; isSignedIn: boolean }) {
  const id = useId()
  const [sought, setSought] = useState('')
  const linked = useFragment()
  const all = listOperations(document)
  const found = all.filter((operation) => matches(operation, sought))
  useEffect(() => {
    if (linked !== '') globalThis.document.getElementById(linked)?.scrollIntoView()
  }, [linked])
  return (
    <>
      <p class="about-api">
        <Prose>{document.info.description}</Prose>
      </p>
      <p>
        <a href="/openapi.json">{text('document')}</a>
      </p>
      <search class="field">
        <label for={id}>{text('filter')}</label>
        <input
          id={id}
          type="search"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-describedby={`${id}-hint`}
          onInput={({ currentTarget }) => setSought(currentTarget.value)}
        />
        <p class="hint" id={`${id}-hint`}>
          {text('filter.hint')}
        </p>
      </search>
      <p class="hint" role="status">
        {text('found', { count: found.length, total: all.length })}
      </p>
      {[...Map.groupBy(found, ({ tag }) => tag)].map(([tag, operations]) => (
        <section key={tag} class="tag" aria-labelledby={idOf(tag)}>
          <h2 id={idOf(tag)} lang="en">
            {tag}
          </h2>
          {operations.map((operation) => (
            <Operation
              key={operation.id}
              document={document}
              operation={operation}
              isSignedIn={isSignedIn}
              isLinked={operation.id === linked}
            />
          ))}
        </section>
      ))}
    </>
  )
}

/** Gives the id of a heading. The name of a group has spaces, which an id may not have. */
const idOf = (tag: string) => `tag-${tag.toLowerCase().replaceAll(' ', '-')}`

/** Tells whether every word that somebody seeks is somewhere in a route. */
function matches({ method, path, summary }: Described, sought: string): boolean {
  const said = `${method} ${path} ${summary}`.toLowerCase()
  const words = sought.toLowerCase().split(/\s+/)
  return words.every((word) => said.includes(word))
}

/** The fragment of the page's address, which names a route. */
function useFragment(): string {
  const [fragment, setFragment] = useState(location.hash.slice(1))
  useEffect(() => {
    const follow = () => setFragment(location.hash.slice(1))
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  return fragment
}
