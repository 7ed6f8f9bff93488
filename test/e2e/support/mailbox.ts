import { setTimeout as sleep } from 'node:timers/promises'

interface Message {
  subject: string
  text: string
}

export interface Mail {
  subject: string
  link: string
  code: string
}

/** Waits for the newest mail to somebody whose text matches. */
export async function waitForText(origin: string, to: string, pattern: RegExp): Promise<Message> {
  for (let tries = 0; tries < 300; tries += 1) {
    const response = await fetch(`${origin}/dev/mailbox.json?to=${encodeURIComponent(to)}`)
    const { items } = (await response.json()) as { items: Message[] }
    const mail = items.find(({ text }) => pattern.test(text))
    if (mail !== undefined) return mail
    await sleep(100)
  }
  throw new Error(`no mail to ${to} has a text like ${pattern}`)
}

/** Waits for the newest mail to somebody with a link to the page `path`: that link, and the code of the mail. */
export async function waitForMail(origin: string, to: string, path: string): Promise<Mail> {
  const link = new RegExp(`https?:\\S+${path}#token=\\S+`)
  const { subject, text } = await waitForText(origin, to, link)
  return { subject, link: link.exec(text)?.[0] ?? '', code: /^\d{8}$/m.exec(text)?.[0] ?? '' }
}
