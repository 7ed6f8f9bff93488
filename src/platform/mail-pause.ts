import { MAIL_WAIT_MS } from '../config.ts'
import type { Settings } from '../env.ts'
import { MailThrottledError, type MailTransport } from '../mail/message.ts'
import { logWarning } from './log.ts'

/**
 * The time until which the mail server has asked for a pause, as far as this isolate knows, and the answer that asked.
 */
export interface MailPause {
  until: number
  reason: string
}

interface Surroundings {
  now: () => number
  /** Gives a number from 0 up to, but not including, 1. */
  random: () => number
  sleep: (milliseconds: number) => Promise<void>
  settings: Pick<Settings, 'logLevel'>
}

/** Makes a duration up to half as long again, so that mails that were put off together do not come back together. */
export const withJitter = (duration: number, random: () => number): number => duration * (1 + random() / 2)

/**
 * Makes a transport that pauses when the server asks for it. When one delivery is told to pause, all others of the
 * isolate wait as well, so that not each of them has to ask. A short pause is waited for here, because a queue counts
 * in whole seconds and its messages cost money.
 * @throws {MailThrottledError} where the wait would be long; the mail then goes back to the outbox.
 */
export function respectPauses(send: MailTransport, pause: MailPause, surroundings: Surroundings): MailTransport {
  const { now, random, sleep, settings } = surroundings
  return async (mail) => {
    const patientUntil = now() + MAIL_WAIT_MS.inAll
    const waitForTurn = async () => {
      for (let left = pause.until - now(); left > 0; left = pause.until - now()) {
        if (left > MAIL_WAIT_MS.onePause || now() > patientUntil) throw new MailThrottledError(pause.reason, left)
        await sleep(withJitter(left, random))
      }
    }
    for (;;) {
      await waitForTurn()
      try {
        return await send(mail)
      } catch (error) {
        if (!(error instanceof MailThrottledError)) throw error
        logWarning(settings, 'mail server asks for a pause', { reason: error.reason, waitMs: error.waitMs })
        pause.until = Math.max(pause.until, now() + error.waitMs)
        pause.reason = error.reason
      }
    }
  }
}
