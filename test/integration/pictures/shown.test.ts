import { beforeAll, describe, expect, it } from 'vitest'
import { PictureChanged } from '../../../src/contracts/pictures.ts'
import { signedIn } from '../../support/accounts.ts'
import { answerOf, expectRefusal } from '../../support/answers.ts'
import { get, ORIGIN, send } from '../../support/client.ts'
import { rows } from '../../support/database.ts'
import { sendPicture } from '../../support/picture-upload.ts'
import { PICTURES } from '../../support/pictures.ts'

const { file } = PICTURES.gif
let path = ''
let named = ''
let tag = ''
let id = ''

beforeAll(async () => {
  const person = await signedIn()
  id = person.id
  const { pictureUrl } = await answerOf(await sendPicture(file, { as: person }), PictureChanged)
  named = pictureUrl.slice(ORIGIN.length)
  path = `/users/${person.id}/picture`
  const shown = await get(path)
  await shown.arrayBuffer()
  tag = shown.headers.get('ETag') ?? ''
})

const part = async (range: string, headers: Record<string, string> = {}) => {
  const response = await get(named, { Range: range, ...headers })
  const bytes = new Uint8Array(await response.arrayBuffer())
  expect(response.headers.get('Content-Length')).toBe(String(bytes.length))
  return { status: response.status, range: response.headers.get('Content-Range'), bytes }
}

describe('GET /users/{id}/picture', () => {
  it('shows the picture to everybody, on pages of any origin, as nothing but a picture (ASVS 3.2.1, 5.4.2)', async () => {
    const response = await get(named, { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'image' })
    expect(response.status).toBe(200)
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(file)
    const headers = Object.fromEntries(response.headers)
    expect(headers).toMatchObject({
      'content-type': 'image/gif',
      'content-length': String(file.length),
      'content-disposition': 'attachment; filename="picture.gif"',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'cross-origin',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'accept-ranges': 'bytes',
    })
    expect(headers['set-cookie']).toBeUndefined()
  })

  it('may be cached for a day under the URL that names the content, and is asked for anew under any other', async () => {
    const caching = async (at: string) => {
      const response = await get(at)
      await response.arrayBuffer()
      return response.headers.get('Cache-Control')
    }
    expect(await caching(named)).toBe('public, max-age=86400, immutable')
    for (const other of [path, `${path}?v=0000000000000000`, `${path}?v=`, `${path}?w=1`])
      expect(await caching(other), other).toBe('public, no-cache')
  })

  it('answers 304 to whoever has it already (RFC 9110 §13.1.2)', async () => {
    expect(tag).toMatch(/^"[0-9a-f]{64}"$/)
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const response = await get(named, { 'If-None-Match': known })
      expect({ status: response.status, text: await response.text() }).toEqual({ status: 304, text: '' })
      expect(response.headers.get('ETag')).toBe(tag)
      expect(response.headers.get('Cache-Control')).toBe('public, max-age=86400, immutable')
      expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
    }
    for (const unknown of ['"other"', tag.slice(1, -1), '']) {
      const response = await get(named, { 'If-None-Match': unknown })
      expect(response.status, unknown).toBe(200)
      await response.arrayBuffer()
    }
  })

  it('sends a part of it where one is asked for (RFC 9110 §14)', async () => {
    const size = file.length
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 10],
      [`bytes=${size - 5}-`, size - 5, size],
      ['bytes=-5', size - 5, size],
      [`bytes=-${size + 100}`, 0, size],
      [`bytes=10-${size + 100}`, 10, size],
      ['bytes=0-0', 0, 1],
    ] as const)
      expect(await part(range), range).toEqual({
        status: 206,
        range: `bytes ${from}-${to - 1}/${size}`,
        bytes: file.slice(from, to),
      })
  })

  it('sends the whole where the part does not exist, or is of another picture', async () => {
    const whole = { status: 200, range: null, bytes: file }
    for (const range of [
      'bytes=9-1',
      `bytes=${file.length}-`,
      'bytes=-0',
      'bytes=-',
      'bytes=0-1,4-5',
      'lines=1-2',
      'x',
    ])
      expect(await part(range), range).toEqual(whole)
    expect(await part('bytes=0-9', { 'If-Range': '"other"' })).toEqual(whole)
    expect((await part('bytes=0-9', { 'If-Range': tag })).status).toBe(206)
  })

  it('answers HEAD without the content', async () => {
    const response = await send('HEAD', named)
    expect({ status: response.status, text: await response.text() }).toEqual({ status: 200, text: '' })
    expect(response.headers.get('ETag')).toBe(tag)
    expect(response.headers.get('Content-Type')).toBe('image/gif')
  })

  it('answers alike for an account without a picture, one that does not exist, and a lost object', async () => {
    const { id: without } = await signedIn()
    const problems: object[] = []
    await rows("update pictures set key = 'lost/object' where user_id = ?", id)
    for (const user of [without, '01900000-0000-7000-8000-000000000000', id]) {
      const response = await get(`/users/${user}/picture`)
      expect(response.headers.get('Cache-Control')).toBe('no-store')
      const { requestId: _, ...problem } = await expectRefusal(response, 404, 'not_found')
      problems.push(problem)
    }
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1)
  })
})
