import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  PICTURE_MAX_BYTES,
  PICTURE_STAGE_SECONDS,
  UPLOAD_FORGET_MS,
  UPLOAD_TIMEOUT_MS,
  UPLOADS_MAX_BYTES,
} from '../../../src/config.ts'
import { reserveMemory, type UploadMemory } from '../../../src/platform/upload-memory.ts'
import { sweepPictures } from '../../../src/services/pictures/sweep.ts'
import { signedIn } from '../../support/accounts.ts'
import { expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { failingInMidBatch, faultyEnv, type Hits, losingAnswers, pictures, refusing } from '../../support/faulty-env.ts'
import { changedBefore } from '../../support/intercept-env.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { fakeOwnTimers } from '../../support/own-timers.ts'
import { sendPicture } from '../../support/picture-upload.ts'
import { png } from '../../support/pictures.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
let person: Person
let value = 10
beforeEach(async () => {
  person = await signedIn()
  await sendPicture(nextPng(), { as: person })
})

/** Builds a picture that no test had before. */
const nextPng = () => png({ value: value++ })
const keyOf = async () => (await rows('select key from pictures where user_id = ?', person.id))[0]?.key
const storedKeys = async () => (await env.PICTURES.list()).objects.map(({ key }) => key)
const usedKeys = async () => (await rows('select key from pictures')).map(({ key }) => key)
const sweepIn = (seconds: number, bindings?: Env) =>
  sweepPictures({ ...jobPlatform(bindings), now: () => Date.now() + seconds * 1000 })
/** Proves that nothing is in the bucket but pictures, and nothing is still to be removed, once a day has passed. */
async function expectNoOrphans(): Promise<void> {
  await sweepIn(24 * 60 * 60)
  expect((await storedKeys()).toSorted()).toEqual((await usedKeys()).toSorted())
  expect(await countRows('picture_removals', 'true')).toBe(0)
}

const puts: Hits = ({ kind, operation }) => kind === 'r2' && operation === 'put'
const deletes: Hits = ({ kind, operation }) => kind === 'r2' && operation === 'delete'
const commits: Hits = ({ kind, operation }) => kind === 'd1' && operation === 'batch'
const stages: Hits = ({ sql }) => sql.some((text) => /insert into "picture_removals"/.test(text))

describe('a part of the service that fails while a picture is set', () => {
  it.each([
    ['R2 refuses', refusing(pictures)],
    ['R2 stores the object, and its answer is lost', losingAnswers(puts)],
    ['D1 refuses the record of the object', refusing(stages)],
    ['D1 refuses to make the object the picture', refusing(commits)],
    ['D1 fails in the middle of that', failingInMidBatch],
  ])('keeps the former picture, and leaves no orphan: %s', async (_, fault) => {
    const before = await keyOf()
    const { env: faulty, fail } = faultyEnv()
    const log = captureLog()
    fail(fault)
    const response = await sendPicture(nextPng(), { as: person, env: faulty })
    const problem = await expectRefusal(response, 503, 'dependency_unavailable')
    expect(response.headers.get('Retry-After')).toBe('5')
    expect(problem.detail).toBeUndefined()
    log.release()
    expect(await keyOf()).toBe(before)
    expect(await storedKeys()).toContain(before)
    expect(await auditOf('user.updated', person.id)).toHaveLength(1)
    await expectNoOrphans()
    expect(await storedKeys()).toContain(before)
  })

  it('has the new picture where only the answer of D1 is lost, and the former one goes', async () => {
    const before = await keyOf()
    const { env: faulty, fail } = faultyEnv()
    const log = captureLog()
    fail(losingAnswers(commits))
    await expectRefusal(await sendPicture(nextPng(), { as: person, env: faulty }), 503, 'dependency_unavailable')
    log.release()
    expect(await keyOf()).not.toBe(before)
    await expectNoOrphans()
  })

  it('waits for an hour before it removes an object that never became a picture', async () => {
    const { env: faulty, fail } = faultyEnv()
    const log = captureLog()
    fail(refusing(commits))
    await sendPicture(nextPng(), { as: person, env: faulty })
    log.release()
    const waiting = await storedKeys()
    await sweepIn(PICTURE_STAGE_SECONDS - 60)
    expect(await storedKeys()).toEqual(waiting)
    await sweepIn(PICTURE_STAGE_SECONDS + 60)
    expect(await storedKeys()).toHaveLength(waiting.length - 1)
  })

  it('makes no object a picture whose time has passed, because the cron may be removing it', async () => {
    const before = await keyOf()
    const late = changedBefore(env as Env, /insert into "audit_events"/, () =>
      rows('update picture_removals set due_at = 0'),
    )
    await expectRefusal(await sendPicture(nextPng(), { as: person, env: late }), 401, 'unauthenticated')
    expect(await keyOf()).toBe(before)
    await expectNoOrphans()
  })

  it('leaves no orphan of an account that is deleted meanwhile', async () => {
    const deleted = changedBefore(env as Env, /insert into "picture_removals"/, () =>
      callWorker(env as Env, 'DELETE', '/auth/me', { headers: bearer(person.tokens.accessToken) }),
    )
    await expectRefusal(await sendPicture(nextPng(), { as: person, env: deleted }), 401, 'unauthenticated')
    await expectNoOrphans()
  })

  it('keeps one picture of many that are set and removed at the same moment, and the object of that one', async () => {
    const limitless = faultyEnv({ RATE_LIMITS: 'off' }).env
    await Promise.all([
      ...Array.from({ length: 8 }, () => sendPicture(nextPng(), { as: person, env: limitless })),
      ...Array.from({ length: 3 }, () =>
        callWorker(limitless, 'DELETE', '/auth/me/picture', { headers: bearer(person.tokens.accessToken) }),
      ),
      sweepIn(0),
      sweepIn(0),
    ])
    await sendPicture(nextPng(), { as: person, env: limitless })
    const key = await keyOf()
    await sweepIn(24 * 60 * 60)
    expect(await storedKeys()).toContain(key)
    expect(await countRows('picture_removals', 'true')).toBe(0)
  })

  it('goes on removing what R2 refused to remove', async () => {
    await sendPicture(nextPng(), { as: person })
    const { env: faulty, fail } = faultyEnv()
    fail(refusing(deletes))
    await expect(sweepIn(0, faulty)).rejects.toThrow('pictures is unavailable')
    expect(await countRows('picture_removals', 'true')).toBe(1)
    fail(losingAnswers(deletes))
    await expect(sweepIn(0, faulty)).rejects.toThrow('pictures is unavailable')
    await expectNoOrphans()
  })
})

describe('a picture while R2 fails, and without R2', () => {
  it('answers 503 where the bucket does not, and 304 still', async () => {
    const { env: faulty, fail } = faultyEnv()
    const path = `/users/${person.id}/picture`
    const log = captureLog()
    const shown = await callWorker(faulty, 'GET', path)
    const tag = shown.headers.get('ETag') ?? ''
    await shown.arrayBuffer()
    fail(refusing(pictures))
    await expectRefusal(await callWorker(faulty, 'GET', path), 503, 'dependency_unavailable')
    const known = await callWorker(faulty, 'GET', path, { headers: { 'If-None-Match': tag } })
    expect(known.status).toBe(304)
    log.release()
  })

  it('says that it keeps no pictures where the deployment has no bucket, and removes what it had', async () => {
    const { env: without } = faultyEnv({ PICTURES: undefined })
    await expectRefusal(await sendPicture(nextPng(), { as: person, env: without }), 404, 'pictures_off')
    await expectRefusal(await callWorker(without, 'GET', `/users/${person.id}/picture`), 404, 'not_found')
    const headers = bearer(person.tokens.accessToken)
    await expectNoContent(await callWorker(without, 'DELETE', '/auth/me/picture', { headers }))
    await sweepIn(24 * 60 * 60, without)
    expect(await countRows('picture_removals', 'true')).toBe(1)
    await expectNoOrphans()
  })
})

describe('the memory that uploads take', () => {
  it('is bounded for each isolate, and given back', () => {
    const memory: UploadMemory = new Map()
    const reserved = Array.from({ length: UPLOADS_MAX_BYTES / PICTURE_MAX_BYTES }, () =>
      reserveMemory(memory, PICTURE_MAX_BYTES, 0),
    )
    expect(reserved).not.toContain(null)
    expect(reserveMemory(memory, 1, 0)).toBeNull()
    reserved[0]?.()
    expect(reserveMemory(memory, PICTURE_MAX_BYTES, 0)).not.toBeNull()
    expect(reserveMemory(memory, 1, UPLOAD_FORGET_MS - 1)).toBeNull()
    expect(reserveMemory(memory, PICTURE_MAX_BYTES, UPLOAD_FORGET_MS)).not.toBeNull()
  })

  it('answers 503 to an upload that does not fit in, and serves it once there is room', async () => {
    const { env: fresh } = faultyEnv()
    const platform = jobPlatform(fresh)
    const free = reserveMemory(platform.uploads, UPLOADS_MAX_BYTES, Date.now())
    const refused = await sendPicture(nextPng(), { as: person, env: fresh })
    await expectRefusal(refused, 503, 'dependency_unavailable')
    expect(refused.headers.get('Retry-After')).toBe('5')
    free?.()
    expect((await sendPicture(nextPng(), { as: person, env: fresh })).status).toBe(200)
    await sendPicture(new Uint8Array([1]), { as: person, env: fresh })
    expect(platform.uploads.size).toBe(0)
  })

  it('is given back by an upload that takes too long, which is refused', async () => {
    const { env: fresh } = faultyEnv()
    const platform = jobPlatform(fresh)
    const isRead = Promise.withResolvers<void>()
    const endless = new ReadableStream({ type: 'bytes', pull: () => isRead.resolve() })
    const send = fakeOwnTimers()
    const answer = send(() => sendPicture(endless, { as: person, env: fresh }))
    await isRead.promise
    await vi.waitUntil(() => vi.getTimerCount() > 0)
    await vi.advanceTimersByTimeAsync(UPLOAD_TIMEOUT_MS)
    vi.useRealTimers()
    await expectRefusal(await answer, 408, 'upload_too_slow')
    expect(platform.uploads.size).toBe(0)
  })
})
