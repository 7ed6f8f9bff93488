import { setTimeout as sleep } from 'node:timers/promises'

export interface Mail {
  subject: string
  link: string
  code: string
}

/** Waits for the newest mail to somebody with a link to the page `path`: that link, and the code of the mail. */
export async function waitForMail(origin: string, to: string, path: string): Promise<Mail> {
  const link = new RegExp(`https?:\\S+${path}#token=\\S+`)
  for (let tries = 0; tries < 300; tries += 1) {
    const response = await fetch(`${origin}/dev/mailbox.json?to=${encodeURIComponent(to)}`)
    const { items } = (await response.json()) as { items: { subject: string; text: string }[] }
    const mail = items.find(({ text }) => link.test(text))
    if (mail !== undefined)
      return {
        subject: mail.subject,
        link: link.exec(mail.text)?.[0] ?? '',
        code: /^\d{8}$/m.exec(mail.text)?.[0] ?? '',
      }
    await sleep(100)
  }
  throw new Error(`no mail to ${to} leads to ${path}`)
}
