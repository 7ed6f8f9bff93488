import { useEffect, useRef, useState } from 'preact/hooks'
import { findCodes, findLinks, type Mail } from './mails.ts'

/** One mail, with its codes to copy and its links to open. */
export function Reader({ mail: { id, to, subject, at, text, html } }: { mail: Mail }) {
  const article = useRef<HTMLElement>(null)
  const [isHtml, setHtml] = useState(true)
  useEffect(() => {
    // The mail that is open from the start does not take the focus.
    if (location.hash === `#${id}`) article.current?.focus()
  }, [id])
  return (
    <article class="reader" ref={article} tabIndex={-1} aria-labelledby="subject">
      <button class="back" type="button" onClick={closeMail}>
        ← All mails
      </button>
      <h1 id="subject">{subject}</h1>
      <p class="meta">
        To {to} · <time dateTime={at}>{new Date(at).toLocaleString()}</time>
      </p>
      <div class="actions">
        {findCodes(text).map((code) => (
          <CopyButton key={code} code={code} />
        ))}
        {findLinks(text).map((link) => (
          <a key={link} href={link} target="_blank" rel="noopener noreferrer">
            Open {new URL(link).pathname}
          </a>
        ))}
      </div>
      <fieldset class="views">
        <legend class="unseen">Show the mail as</legend>
        <button type="button" aria-pressed={isHtml} onClick={() => setHtml(true)}>
          HTML
        </button>
        <button type="button" aria-pressed={!isHtml} onClick={() => setHtml(false)}>
          Text
        </button>
      </fieldset>
      {isHtml ? (
        // The sandbox runs no script of a mail, and its links open in a new tab.
        <iframe
          title="The mail as HTML"
          sandbox="allow-popups allow-popups-to-escape-sandbox"
          referrerpolicy="no-referrer"
          srcdoc={`<base target="_blank">${html}`}
        />
      ) : (
        <pre>{text}</pre>
      )}
    </article>
  )
}

function closeMail(): void {
  location.hash = ''
}

function CopyButton({ code }: { code: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(code)
    setCopied(true)
    setTimeout(() => setCopied(false), 1_500)
  }
  return (
    <button type="button" onClick={() => void copy()}>
      {isCopied ? (
        'Copied'
      ) : (
        <>
          Copy <code>{code}</code>
        </>
      )}
    </button>
  )
}
