import { DurableObject } from 'cloudflare:workers'
import { DAY_MS } from '../domain/day.ts'

const MAX_MAILS = 500
/** It stands for the mailboxes of people, but must not know for longer than the service whom mails went to. */
const KEEP_MS = DAY_MS

/** A mail as the development mailbox keeps it; `at` is ISO 8601 UTC. */
export interface MailboxItem {
  id: string
  to: string
  subject: string
  text: string
  html: string
  at: string
}

/** The mailbox that takes all mails in development. Only the development environment binds it. */
export class DevMailbox extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    ctx.storage.sql.exec(
      'create table if not exists mails (seq integer primary key, id text unique, recipient text, subject text, body text, html text, at text)',
    )
  }

  async store(mail: Omit<MailboxItem, 'at'>): Promise<void> {
    const { sql } = this.ctx.storage
    sql.exec(
      'insert or ignore into mails (id, recipient, subject, body, html, at) values (?, ?, ?, ?, ?, ?)',
      mail.id,
      mail.to,
      mail.subject,
      mail.text,
      mail.html,
      new Date().toISOString(),
    )
    sql.exec('delete from mails where seq <= (select max(seq) from mails) - ?', MAX_MAILS)
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + KEEP_MS)
  }

  /** Deletes what is older than a day. */
  override async alarm(): Promise<void> {
    const { sql } = this.ctx.storage
    sql.exec('delete from mails where at <= ?', new Date(Date.now() - KEEP_MS).toISOString())
    const { oldest } = sql.exec<{ oldest: string | null }>('select min(at) as oldest from mails').one()
    if (oldest !== null) await this.ctx.storage.setAlarm(Date.parse(oldest) + KEEP_MS)
  }

  /** Lists the mails, newest first; those of all recipients when `to` is null. */
  list(to: string | null): MailboxItem[] {
    return this.ctx.storage.sql
      .exec<Record<keyof MailboxItem, string>>(
        'select id, recipient as "to", subject, body as text, html, at from mails where ?1 is null or recipient = ?1 order by seq desc',
        to,
      )
      .toArray()
  }
}
