import './dev-mailbox.css'

import { byId, show } from '../shared/dom.ts'
import { fetchMails, findCodes, findLinks, formatTime, type Mail } from './mailbox/mails.ts'

const REFRESH_MS = 2_000
/** On a wide screen list and mail stand side by side, and the newest mail is open from the start. */
const WIDE = matchMedia('(min-width: 48rem)')

const panes = byId('panes', HTMLElement)
const list = byId('list', HTMLUListElement)
const reader = byId('reader', HTMLElement)
const filter = byId('filter', HTMLInputElement)
const htmlView = byId('html', HTMLIFrameElement)
const textView = byId('text', HTMLPreElement)

let mails: readonly Mail[] = []
let openId: string | null = location.hash.slice(1) || null

function renderList(): void {
  const wanted = filter.value.trim().toLowerCase()
  const shown = mails.filter(({ to }) => to.toLowerCase().includes(wanted))
  list.replaceChildren(...shown.map(renderRow))
  show(byId('empty', HTMLElement), shown.length === 0)
  byId('empty-title', HTMLElement).textContent = mails.length === 0 ? 'No mail yet' : 'No mail to such an address'
  byId('empty-text', HTMLElement).textContent =
    mails.length === 0 ? 'Register an account or ask for a new password: what would be sent appears here.' : ''
}

function renderRow(mail: Mail): HTMLLIElement {
  const button = document.createElement('button')
  button.type = 'button'
  if (mail.id === openId) button.setAttribute('aria-current', 'true')
  const time = document.createElement('time')
  time.dateTime = mail.at
  time.textContent = formatTime(mail.at)
  button.append(labelled('subject', mail.subject), labelled('to', mail.to), time)
  button.addEventListener('click', () => {
    location.hash = mail.id
  })
  const row = document.createElement('li')
  row.append(button)
  return row
}

function labelled(className: string, text: string): HTMLSpanElement {
  const span = document.createElement('span')
  span.className = className
  span.textContent = text
  return span
}

function renderReader(): void {
  const mail = mails.find(({ id }) => id === openId)
  show(reader, mail !== undefined)
  panes.classList.toggle('reading', mail !== undefined)
  if (mail === undefined) return
  byId('subject', HTMLElement).textContent = mail.subject
  byId('to', HTMLElement).textContent = mail.to
  const time = byId('at', HTMLTimeElement)
  time.dateTime = mail.at
  time.textContent = new Date(mail.at).toLocaleString()
  byId('actions', HTMLElement).replaceChildren(
    ...findCodes(mail.text).map(copyButton),
    ...findLinks(mail.text).map(openLink),
  )
  textView.textContent = mail.text
  // The sandbox runs no script of a mail, and its links open in a new tab.
  htmlView.srcdoc = `<base target="_blank">${mail.html}`
}

function copyButton(code: string): HTMLButtonElement {
  const button = document.createElement('button')
  button.type = 'button'
  const value = document.createElement('code')
  value.textContent = code
  button.append('Copy ', value)
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(code)
    button.textContent = 'Copied'
    setTimeout(() => button.replaceChildren('Copy ', value), 1_500)
  })
  return button
}

function openLink(address: string): HTMLAnchorElement {
  const link = document.createElement('a')
  link.href = address
  link.target = '_blank'
  link.rel = 'noopener noreferrer'
  link.textContent = `Open ${new URL(address).pathname}`
  return link
}

function showAs(view: 'html' | 'text'): void {
  show(htmlView, view === 'html')
  show(textView, view === 'text')
  byId('view-html', HTMLElement).setAttribute('aria-pressed', String(view === 'html'))
  byId('view-text', HTMLElement).setAttribute('aria-pressed', String(view === 'text'))
}

async function refresh(): Promise<void> {
  const state = byId('state', HTMLElement)
  const latest = document.hidden ? mails : await fetchMails()
  if (latest === null) {
    state.textContent = 'The service does not answer'
  } else if (latest.length !== mails.length || latest[0]?.id !== mails[0]?.id || state.textContent === '') {
    const wasOpen = !reader.hidden
    mails = latest
    if (WIDE.matches) openId ??= latest[0]?.id ?? null
    renderList()
    if (!wasOpen) renderReader()
    state.textContent = `${mails.length} ${mails.length === 1 ? 'mail' : 'mails'} · new ones appear by themselves`
  }
  setTimeout(refresh, REFRESH_MS)
}

filter.addEventListener('input', renderList)
byId('view-html', HTMLElement).addEventListener('click', () => showAs('html'))
byId('view-text', HTMLElement).addEventListener('click', () => showAs('text'))
byId('back', HTMLElement).addEventListener('click', () => {
  location.hash = ''
})
addEventListener('hashchange', () => {
  openId = location.hash.slice(1) || null
  renderList()
  renderReader()
  if (openId !== null) reader.focus()
})
void refresh()
