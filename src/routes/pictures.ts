import { PICTURE_MAX_AGE_SECONDS } from '../config.ts'
import { IdParams } from '../contracts/common.ts'
import { PictureChanged, PictureContent, PictureQuery } from '../contracts/pictures.ts'
import { type ByteRange, isKnown, readRange } from '../http/conditional.ts'
import { user } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { picture, uploadOf } from '../http/upload.ts'
import { findShownPicture, openPicture, putPicture, removePicture } from '../services/pictures/pictures.ts'
import { contentHash, pictureVersion } from '../services/pictures/url.ts'

const content = { 'image/*': { schema: PictureContent } }

const putRoute = route({
  method: 'put',
  path: '/auth/me/picture',
  tags: ['Profile'],
  summary: 'Set my picture',
  description:
    'The body is a PNG, JPEG, GIF or WebP file of 16 MiB and 64 million pixels at most. It is checked by its content, whatever its media type says. What does not say how the pixels look, such as where a photo was taken, is removed; the pixels stay as they are.',
  limit: 'sensitive',
  guard: user(),
  body: picture(),
  answers: { 200: answer(PictureChanged, 'Where the picture is shown.') },
  refuses: ['unsupported_image', 'upload_too_slow', 'pictures_off'],
})

const deleteRoute = route({
  method: 'delete',
  path: '/auth/me/picture',
  tags: ['Profile'],
  summary: 'Remove my picture',
  limit: 'sensitive',
  guard: user(),
  answers: { 204: { description: 'The account has no picture.' } },
})

const readRoute = route({
  method: 'get',
  path: '/users/{id}/picture',
  tags: ['Profile'],
  summary: 'The picture of a user',
  description:
    'Whoever knows the id of a user may see the picture, so that a page can show it by its `pictureUrl` alone. The answer has an `ETag`; one range of bytes may be asked for.',
  params: IdParams,
  query: PictureQuery,
  answers: {
    200: { description: 'The picture.', content },
    206: { description: 'The part of the picture that was asked for.', content },
    304: { description: 'The client has the picture.' },
  },
  refuses: ['not_found'],
})

/** A URL that names the content may be cached by everybody. Any other is asked for again each time. */
const cachingOf = (isNamed: boolean): string =>
  isNamed ? `public, max-age=${PICTURE_MAX_AGE_SECONDS}, immutable` : 'public, no-cache'

/** Says what the content is. A browser that opens it by itself saves it, and does not render it (ASVS 3.2.1, 5.4.2). */
function contentHeaders({ mediaType, bytes }: { mediaType: string; bytes: number }, range: ByteRange | null) {
  const { offset, length } = range ?? { offset: 0, length: bytes }
  return {
    'Content-Type': mediaType,
    'Content-Length': String(length),
    'Content-Disposition': `attachment; filename="picture.${mediaType.slice('image/'.length)}"`,
    ...(range && { 'Content-Range': `bytes ${offset}-${offset + length - 1}/${bytes}` }),
  }
}

export const pictureRoutes = createRouter()
  .openapi(putRoute, async (c) => {
    const pictureUrl = await putPicture(c.get('platform'), c.get('caller').account, uploadOf(c))
    return c.json({ pictureUrl }, 200)
  })
  .openapi(deleteRoute, async (c) => {
    await removePicture(c.get('platform'), c.get('caller').account)
    return c.body(null, 204)
  })
  .openapi(readRoute, async (c) => {
    const found = await findShownPicture(c.get('platform'), c.req.valid('param').id)
    const tag = `"${contentHash(found.key)}"`
    const headers = {
      // A page of any origin may show the picture.
      'Cross-Origin-Resource-Policy': 'cross-origin',
      ETag: tag,
      'Accept-Ranges': 'bytes',
      'Cache-Control': cachingOf(c.req.valid('query').v === pictureVersion(found.key)),
    }
    if (isKnown(c, tag)) return c.body(null, 304, headers)
    const range = readRange(c, tag, found.bytes)
    const opened = c.req.method === 'HEAD' ? null : await openPicture(c.get('platform'), found, range)
    const init = { status: range ? 206 : 200, headers: { ...headers, ...contentHeaders(found, range) } }
    return new Response(opened, init) as never
  })
