/** A mail as the development mailbox keeps it. */
export interface Mail {
  id: string
  to: string
  subject: string
  text: string
  html: string
  at: string
}

/** Fetches the mails, newest first; null while the service does not answer. */
export async function fetchMails(): Promise<readonly Mail[] | null> {
  try {
    const response = await fetch('/dev/mailbox.json', { headers: { Accept: 'application/json' } })
    if (!response.ok) return null
    const { items }: { items: Mail[] } = await response.json()
    return items
  } catch {
    return null
  }
}

/** Finds the codes that a text tells a person to type. */
export function findCodes(text: string): string[] {
  return [...new Set(text.match(/(?<![\w/=-])\d{8}(?![\w/=-])/g) ?? [])]
}

/** Finds the links of a text that carry a token. Only these do something. */
export function findLinks(text: string): string[] {
  return [...new Set(text.match(/https?:\/\/[^\s<>"]+#token=[^\s<>"]+/g) ?? [])]
}

/** Gives the time of day for today's mails, and the date for older ones. */
export function formatTime(at: string): string {
  const date = new Date(at)
  const isToday = date.toDateString() === new Date().toDateString()
  return isToday ? date.toLocaleTimeString() : date.toLocaleDateString()
}
