import { setTimeout as sleep } from 'node:timers/promises'

export interface Mail {
  subject: string
  link: string
  code: string
}

/** Waits for the newest mail to somebody that `matches`: its link, and its code without the gaps. */
export async function waitForMail(origin: string, to: string, matches: RegExp): Promise<Mail> {
  for (let tries = 0; tries < 300; tries += 1) {
    const response = await fetch(`${origin}/dev/mailbox.json?to=${encodeURIComponent(to)}`)
    const { items } = (await response.json()) as { items: { subject: string; text: string }[] }
    const mail = items.find(({ text }) => matches.test(text))
    if (mail !== undefined)
      return {
        subject: mail.subject,
        link: /https?:\S+#token=\S+/.exec(mail.text)?.[0] ?? '',
        code: /^\d{8}$/m.exec(mail.text)?.[0] ?? '',
      }
    await sleep(100)
  }
  throw new Error(`nobody has mailed ${matches} to ${to}`)
}
