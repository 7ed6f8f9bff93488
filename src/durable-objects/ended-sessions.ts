import { DurableObject } from 'cloudflare:workers'
import {
  DEPENDENCY_TIMEOUT_MS,
  ENDED_LIST_PUBLISH_INTERVAL_MS,
  ENDED_LIST_PUBLISH_MAX_PAUSE_MS,
  ENDED_SESSION_KEEP_SECONDS,
} from '../config.ts'
import { addEntries, type EndedList, hasEntry, NOBODY_ENDED, removeEntries } from '../domain/ended-sessions.ts'
import type { EndedSessionsObject } from '../platform/blocklist.ts'
import { endedListKey } from '../platform/ended-lists.ts'
import { logError } from '../platform/log.ts'
import { within } from '../within.ts'

/**
 * There is one object for each shard of the ended sessions. It keeps every entry until the longest access token would
 * have expired, and publishes its live entries as one value in KV, at most once a second
 * (docs/decisions/0018-blocklist.md). The rows and the alarm are its durable state: an entry and the alarm that will
 * publish it are stored together. The rest is what one life of the object remembers, and a new life reads it anew.
 */
export class EndedSessions extends DurableObject<Env> implements EndedSessionsObject {
  /** All entries of the table, but those that were added since the last publication. */
  #list: EndedList | null = null
  #added = new Set<number>()
  /** A new life of the object cannot know whether the last one has published everything. */
  #isUnpublished = true
  #alarmAt: number | null = null
  #failures = 0
  #publishedAt = 0
  #pauseMs = 0

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    ctx.storage.sql.exec(`create table if not exists ended (entry integer primary key, expires_at integer not null);
      create index if not exists ended_expires_at on ended (expires_at)`)
  }

  /** Keeps these entries and publishes them soon. What is known already is not written again. */
  end(entries: readonly number[]): void {
    const list = this.#readList()
    const expiresAt = Date.now() + ENDED_SESSION_KEEP_SECONDS * 1000
    for (const entry of entries) {
      if (hasEntry(list, entry) || this.#added.has(entry)) continue
      this.ctx.storage.sql.exec('insert into ended (entry, expires_at) values (?, ?)', entry, expiresAt)
      this.#added.add(entry)
      this.#publishSoon()
    }
  }

  /** Answers the readiness check. */
  ping(): string {
    return 'ok'
  }

  /**
   * Publishes the list. An alarm may come twice, and the second one then finds nothing to publish. What KV refuses is
   * tried again after a pause that grows to a minute.
   */
  override async alarm(): Promise<void> {
    this.#alarmAt = null
    if (!this.#isUnpublished) return
    const list = this.#dropExpired()
    this.#isUnpublished = false
    this.#publishedAt = Date.now()
    this.#pauseMs = ENDED_LIST_PUBLISH_INTERVAL_MS
    const key = endedListKey(this.ctx.id)
    const written = this.env.BLOCKLIST.put(key, list, { expirationTtl: ENDED_SESSION_KEEP_SECONDS })
    try {
      await within(DEPENDENCY_TIMEOUT_MS, written)
      this.#failures = 0
    } catch (error) {
      logError('ended sessions not published', error, { sessions: list.length, failures: this.#failures })
      this.#failures += 1
      this.#publishedAt = Date.now()
      this.#pauseMs = Math.min(ENDED_LIST_PUBLISH_INTERVAL_MS * 2 ** this.#failures, ENDED_LIST_PUBLISH_MAX_PAUSE_MS)
      this.#publishSoon()
      // A write that was given up may still arrive, and undo a later one. So the list is then published once more.
      written.then(
        () => this.#publishSoon(),
        () => {},
      )
    }
  }

  /**
   * Sets the alarm for the next publication: now after a quiet time, and otherwise a second after the last one. A clock
   * that was set back holds nothing up.
   */
  #publishSoon(): void {
    this.#isUnpublished = true
    const now = Date.now()
    const at = this.#publishedAt > now ? now : Math.max(now, this.#publishedAt + this.#pauseMs)
    if (this.#alarmAt !== null && this.#alarmAt <= at) return
    this.#alarmAt = at
    void this.ctx.storage.setAlarm(at)
  }

  #readList(): EndedList {
    this.#list ??= addEntries(
      NOBODY_ENDED,
      new Set(
        this.ctx.storage.sql
          .exec<{ entry: number }>('select entry from ended')
          .toArray()
          .map(({ entry }) => entry),
      ),
    )
    return this.#list
  }

  /** Deletes what has expired, and gives the list of the rest. */
  #dropExpired(): EndedList {
    const list = addEntries(this.#readList(), this.#added)
    const expired = this.ctx.storage.sql
      .exec<{ entry: number }>('delete from ended where expires_at <= ? returning entry', Date.now())
      .toArray()
    this.#list = removeEntries(list, new Set(expired.map(({ entry }) => entry)))
    this.#added = new Set()
    return this.#list
  }
}
