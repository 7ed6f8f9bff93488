import { useEffect, useState } from 'preact/hooks'
import { fetchMails, formatTime, type Mail } from './mails.ts'
import { Reader } from './reader.tsx'

const REFRESH_MS = 2_000
/** On a wide screen list and mail stand side by side, and the newest mail is open from the start. */
const WIDE = matchMedia('(min-width: 48rem)')

/** The mailbox of development: every mail that the service would send, as it comes. */
export function Mailbox() {
  const { mails, isReachable } = useMails()
  const [openId, setOpenId] = useState(idInAddress)
  const [wanted, setWanted] = useState('')
  useEffect(() => {
    const follow = () => setOpenId(idInAddress())
    addEventListener('hashchange', follow)
    return () => removeEventListener('hashchange', follow)
  }, [])
  useEffect(() => {
    if (WIDE.matches) setOpenId((id) => id ?? mails?.[0]?.id ?? null)
  }, [mails])
  const open = mails?.find(({ id }) => id === openId)
  return (
    <>
      <header class="bar">
        <a class="brand" href="/">
          <img src="/assets/icon.svg" alt="" width="28" height="28" />
          <span>Mailbox</span>
        </a>
        <input
          type="search"
          aria-label="Only mails to"
          placeholder="Filter by recipient"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => setWanted(currentTarget.value.trim().toLowerCase())}
        />
        <p class="state" role="status">
          {isReachable ? mails !== null && sayCount(mails.length) : 'The service does not answer'}
        </p>
      </header>
      <main class={open === undefined ? 'panes' : 'panes reading'}>
        <nav class="list" aria-label="Mails">
          {mails !== null && <List mails={mails} wanted={wanted} openId={openId} />}
        </nav>
        {open !== undefined && <Reader mail={open} />}
      </main>
    </>
  )
}

const idInAddress = (): string | null => location.hash.slice(1) || null

const sayCount = (count: number): string => `${count} ${count === 1 ? 'mail' : 'mails'} · new ones appear by themselves`

/** Asks for the mails every two seconds while somebody looks. They are null before the first answer. */
function useMails(): { mails: readonly Mail[] | null; isReachable: boolean } {
  const [mails, setMails] = useState<readonly Mail[] | null>(null)
  const [isReachable, setReachable] = useState(true)
  useEffect(() => {
    const refresh = async () => {
      if (document.hidden) return
      const latest = await fetchMails()
      setReachable(latest !== null)
      if (latest !== null) setMails(latest)
    }
    void refresh()
    const timer = setInterval(() => void refresh(), REFRESH_MS)
    return () => clearInterval(timer)
  }, [])
  return { mails, isReachable }
}

interface ListProps {
  mails: readonly Mail[]
  /** A part of the address of those whose mails are shown. */
  wanted: string
  openId: string | null
}

function List({ mails, wanted, openId }: ListProps) {
  const shown = mails.filter(({ to }) => to.toLowerCase().includes(wanted))
  if (mails.length === 0)
    return (
      <div class="empty">
        <p>
          <strong>No mail yet</strong>
        </p>
        <p>Register an account or ask for a new password: what would be sent appears here.</p>
      </div>
    )
  if (shown.length === 0)
    return (
      <p class="empty">
        <strong>No mail to such an address</strong>
      </p>
    )
  return (
    <ul>
      {shown.map(({ id, subject, to, at }) => (
        <li key={id}>
          <a href={`#${id}`} aria-current={id === openId ? 'true' : undefined}>
            <span class="subject">{subject}</span>
            <span class="to">{to}</span>
            <time dateTime={at}>{formatTime(at)}</time>
          </a>
        </li>
      ))}
    </ul>
  )
}
