import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { PICTURE_MAX_BYTES } from '../../../src/config.ts'
import { AccountExport } from '../../../src/contracts/export.ts'
import { PictureChanged } from '../../../src/contracts/pictures.ts'
import { User } from '../../../src/contracts/users.ts'
import { sweepPictures } from '../../../src/services/pictures/sweep.ts'
import { administrator, signedIn } from '../../support/accounts.ts'
import { answerOf, expectNoContent, expectRefusal } from '../../support/answers.ts'
import { callWorker } from '../../support/call-worker.ts'
import { captureLog } from '../../support/captured-log.ts'
import { bearer, get, logIn, ORIGIN, send } from '../../support/client.ts'
import { auditOf, countRows, rows } from '../../support/database.ts'
import { faultyEnv, pictures, refusing } from '../../support/faulty-env.ts'
import { jobPlatform } from '../../support/outbox.ts'
import { sendPicture } from '../../support/picture-upload.ts'
import { joined, latin1, PICTURES, png, pngOfBytes } from '../../support/pictures.ts'

type Person = Awaited<ReturnType<typeof signedIn>>
let person: Person
beforeEach(async () => {
  person = await signedIn()
})

const put = async (file: Uint8Array<ArrayBuffer>, as = person) =>
  (await answerOf(await sendPicture(file, { as }), PictureChanged)).pictureUrl
const pathOf = (url: string) => url.slice(ORIGIN.length)
const remove = () => send('DELETE', '/auth/me/picture', { headers: bearer(person.tokens.accessToken) })
const me = async () => await answerOf(await get('/auth/me', bearer(person.tokens.accessToken)), User)
const sweep = () => sweepPictures(jobPlatform())
const storedKeys = async () => (await env.PICTURES.list()).objects.map(({ key }) => key)
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer())

describe('PUT /auth/me/picture', () => {
  it('stores the picture without its metadata, under the hash of its content (ASVS 14.2.8)', async () => {
    const { file, kept } = PICTURES.jpegOfCamera
    const url = await put(file)
    const shown = await get(pathOf(url))
    expect(shown.headers.get('Content-Type')).toBe('image/jpeg')
    expect(await bytesOf(shown)).toEqual(kept)
    const [row] = await rows('select * from pictures where user_id = ?', person.id)
    expect(row).toMatchObject({ media_type: 'image/jpeg', bytes: kept.length, width: 16, height: 24 })
    const hash = Buffer.from(await crypto.subtle.digest('SHA-256', kept)).toString('hex')
    expect(row?.key).toMatch(new RegExp(`^${hash}/[0-9a-f-]{36}$`))
    expect(await countRows('picture_removals', 'key = ?', row?.key)).toBe(0)
    expect(await auditOf('user.updated', person.id)).toMatchObject([
      { actor_id: person.id, details: { changed: ['picture'] } },
    ])
  })

  it.each(Object.entries({ jpeg: PICTURES.jpeg, png: PICTURES.png, gif: PICTURES.gif, webp: PICTURES.webp }))(
    'takes %s by its content, whatever its media type says (ASVS 5.2.2)',
    async (_, picture) => {
      const response = await sendPicture(picture.file, { as: person, headers: { 'Content-Type': 'text/html' } })
      const { pictureUrl } = await answerOf(response, PictureChanged)
      expect((await get(pathOf(pictureUrl))).headers.get('Content-Type')).toBe(picture.mediaType)
    },
  )

  it('names the picture in the account, wherever that is shown, by a URL that changes with the content', async () => {
    expect((await me()).pictureUrl).toBeNull()
    const first = await put(png({ value: 1 }))
    expect(first).toMatch(new RegExp(`^${ORIGIN}/users/${person.id}/picture\\?v=[0-9a-f]{16}$`))
    expect((await me()).pictureUrl).toBe(first)
    expect((await logIn(person.email)).user).toMatchObject({ pictureUrl: first })
    const admin = await administrator()
    expect((await answerOf(await admin.send('GET', `/users/${person.id}`), User)).pictureUrl).toBe(first)
    const second = await put(png({ value: 2 }))
    expect(second).not.toBe(first)
    expect(await put(png({ value: 2 }))).toBe(second)
  })

  it('has the former picture removed by the next run of the cron, and keeps the new one', async () => {
    await sweep()
    const before = await storedKeys()
    await put(png({ value: 3 }))
    await put(png({ value: 4 }))
    await put(png({ value: 4 }))
    const [row] = await rows('select key from pictures where user_id = ?', person.id)
    expect((await storedKeys()).length).toBe(before.length + 3)
    await sweep()
    expect((await storedKeys()).toSorted()).toEqual([...before, row?.key].toSorted())
    expect(await countRows('picture_removals', 'true')).toBe(0)
  })

  it('refuses what is no picture, and says why, and changes nothing', async () => {
    const url = await put(png())
    const keys = await storedKeys()
    const gif = PICTURES.gif.file
    for (const [file, detail] of [
      [latin1('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'The file is no PNG, JPEG, GIF or WebP.'],
      [joined(gif, latin1('<script>alert(1)</script>')), 'The file has something else behind the picture.'],
      [gif.slice(0, -10), 'The picture is cut short.'],
      [png({ width: 60_000, height: 60_000 }), 'The picture has too many pixels.'],
    ] as const) {
      const problem = await expectRefusal(await sendPicture(file, { as: person }), 415, 'unsupported_image')
      expect(problem.detail).toBe(detail)
    }
    expect((await me()).pictureUrl).toBe(url)
    expect(await storedKeys()).toEqual(keys)
    expect(await auditOf('user.updated', person.id)).toHaveLength(1)
  })

  it('takes 16 MiB, and refuses a byte more, whether or not the length is stated (ASVS 5.2.1)', async () => {
    const largest = pngOfBytes(PICTURE_MAX_BYTES)
    const shown = await bytesOf(await get(pathOf(await put(largest))))
    expect(Buffer.from(shown).equals(largest)).toBe(true)
    const tooLarge = pngOfBytes(17 * 1024 * 1024)
    await expectRefusal(await sendPicture(tooLarge, { as: person }), 413, 'body_too_large')
    const stream = new Blob([tooLarge]).stream()
    await expectRefusal(await sendPicture(stream, { as: person }), 413, 'body_too_large')
    const lying = { 'Content-Length': '10' }
    await expectRefusal(await sendPicture(png(), { as: person, headers: lying }), 413, 'body_too_large')
  })

  it('asks for a session before it reads the body, and takes the picture of nobody else', async () => {
    const { tokens } = await signedIn()
    const stranger = { tokens: { ...tokens, accessToken: 'a.b.c' } }
    await expectRefusal(await sendPicture(png(), { as: stranger }), 401, 'unauthenticated')
    await expectRefusal(await sendPicture(pngOfBytes(17 * 1024 * 1024), { as: stranger }), 401, 'unauthenticated')
    expect((await me()).pictureUrl).toBeNull()
  })
})

describe('DELETE /auth/me/picture', () => {
  it('removes the picture at once, and its object by the cron', async () => {
    const url = await put(png({ value: 5 }))
    await expectNoContent(await remove())
    expect((await me()).pictureUrl).toBeNull()
    await expectRefusal(await get(pathOf(url)), 404, 'not_found')
    await sweep()
    expect(await countRows('picture_removals', 'true')).toBe(0)
    expect((await storedKeys()).filter((key) => key.startsWith(url.slice(-16)))).toEqual([])
    expect(await auditOf('user.updated', person.id)).toHaveLength(2)
  })

  it('changes nothing where there is no picture', async () => {
    await expectNoContent(await remove())
    expect(await auditOf('user.updated', person.id)).toEqual([])
    await expectRefusal(await send('DELETE', '/auth/me/picture'), 401, 'unauthenticated')
  })
})

describe('a picture and its account', () => {
  it('hides the picture of a deactivated account, and shows it again', async () => {
    const url = await put(png())
    await rows("update users set status = 'deactivated' where id = ?", person.id)
    await expectRefusal(await get(pathOf(url)), 404, 'not_found')
    await rows("update users set status = 'active' where id = ?", person.id)
    expect((await get(pathOf(url))).status).toBe(200)
  })

  it.each(['its owner', 'an administrator'])('deletes the picture with the account, by %s', async (who) => {
    const url = await put(png({ value: 6 }))
    const admin = await administrator()
    if (who === 'its owner') await send('DELETE', '/auth/me', { headers: bearer(person.tokens.accessToken) })
    else await admin.send('DELETE', `/users/${person.id}`)
    await expectRefusal(await get(pathOf(url)), 404, 'not_found')
    await sweep()
    expect((await storedKeys()).filter((key) => key.startsWith(url.slice(-16)))).toEqual([])
    expect(await countRows('pictures', 'user_id = ?', person.id)).toBe(0)
  })

  it('is in the export, with what is known of it', async () => {
    const { file, kept } = PICTURES.jpegOfCamera
    const url = await put(file)
    const exported = await answerOf(await get('/auth/me/export', bearer(person.tokens.accessToken)), AccountExport)
    expect(exported.profile.pictureUrl).toBe(url)
    expect(exported.data.pictures).toMatchObject([{ mediaType: 'image/jpeg', width: 16, height: 24 }])
    expect(exported.picture).toBe(Buffer.from(kept).toString('base64'))
  })

  it('is in the export at its largest, and does not use up the hour of an export where R2 fails', async () => {
    const largest = pngOfBytes(PICTURE_MAX_BYTES)
    await put(largest)
    const headers = bearer(person.tokens.accessToken)
    const { env: faulty, fail } = faultyEnv()
    fail(refusing(pictures))
    const log = captureLog()
    await expectRefusal(await callWorker(faulty, 'GET', '/auth/me/export', { headers }), 503, 'dependency_unavailable')
    log.release()
    const exported = (await (await get('/auth/me/export', headers)).json()) as { picture: string }
    expect(Buffer.from(exported.picture, 'base64').equals(largest)).toBe(true)
    await expectRefusal(await get('/auth/me/export', headers), 429, 'rate_limited')
  })
})
