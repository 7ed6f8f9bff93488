import { createHash } from 'node:crypto'
import { PICTURE_STAGE_SECONDS } from '../../config.ts'
import { Refusal } from '../../errors.ts'
import type { Platform, Recording } from '../../platform/platform.ts'
import type { Account } from '../../storage/accounts/accounts.ts'
import { bySelf } from '../../storage/actors.ts'
import { auditStatement, whenRecorded } from '../../storage/audit.ts'
import { inOneBatch } from '../../storage/batch.ts'
import { whenAll, whenUserExists } from '../../storage/conditions.ts'
import {
  deletePictureStatement,
  findPicture,
  type PictureRow,
  putPictureStatements,
  removePictureStatement,
  stagePicture,
  whenHasPicture,
  whenStaged,
} from '../../storage/pictures.ts'
import { newId } from '../identifiers.ts'
import { refuseEnded } from '../sessions/authentication.ts'
import { readPicture } from './picture.ts'
import { pictureUrl } from './url.ts'

type KeepingPictures = Recording & Pick<Platform, 'pictures' | 'settings'>

/**
 * Makes a file the picture of an account, in the place of a former one. The object is stored first, under a record by
 * which the cron removes it unless it became a picture. One batch then makes it that, and has the former one removed.
 * So wherever this fails, one of the two is the picture, and the other goes (docs/decisions/0031-pictures.md).
 * @throws {Refusal} `unsupported_image`, `pictures_off`.
 */
export async function putPicture(deps: KeepingPictures, account: Account, file: Uint8Array): Promise<string> {
  const { db, requester, pictures, settings } = deps
  if (pictures === null) throw new Refusal('pictures_off')
  const { parts, ...picture } = readPicture(file)
  const bytes = parts.reduce((sum, part) => sum + part.length, 0)
  const sha256 = hashOf(parts)
  const key = `${sha256}/${newId()}`
  await stagePicture(db, key, deps.now() + PICTURE_STAGE_SECONDS * 1000)
  await pictures.put(key, { parts, bytes, mediaType: picture.mediaType, sha256 })
  const [id, at] = [newId(), deps.now()]
  const when = whenRecorded(id)
  const event = { id, type: 'user.updated', at, ...bySelf(account), details: { changed: ['picture'] } } as const
  const { audit } = await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenAll([whenStaged(key, at), whenUserExists(account.id)])),
    former: removePictureStatement(db, account.id, { at, when }),
    picture: putPictureStatements(db, { userId: account.id, key, ...picture, bytes, createdAt: at }, when),
  })
  if (audit.meta.changes === 0) return refuseEnded()
  return pictureUrl(settings, { id: account.id, pictureKey: key })
}

/** Removes the picture of an account. Where it has none, nothing changes. */
export async function removePicture(deps: Recording, account: Account): Promise<void> {
  const { db, requester } = deps
  const [id, at] = [newId(), deps.now()]
  const when = whenRecorded(id)
  const event = { id, type: 'user.updated', at, ...bySelf(account), details: { changed: ['picture'] } } as const
  await inOneBatch(db, {
    audit: auditStatement(db, event, requester, whenHasPicture(account.id)),
    object: removePictureStatement(db, account.id, { at, when }),
    picture: deletePictureStatement(db, account.id, when),
  })
}

/** Finds the picture of an active account. @throws {Refusal} `not_found`. */
export async function findShownPicture(deps: Pick<Platform, 'db'>, userId: string): Promise<PictureRow> {
  const picture = await findPicture(deps.db, userId)
  if (!picture) throw new Refusal('not_found')
  return picture
}

/** Opens the content of a picture, or a part of it. @throws {Refusal} `not_found`. */
export async function openPicture(
  { pictures }: Pick<Platform, 'pictures'>,
  { key }: Pick<PictureRow, 'key'>,
  range: { offset: number; length: number } | null,
): Promise<ReadableStream> {
  const content = await pictures?.open(key, range)
  if (!content) throw new Refusal('not_found', { reason: 'the bucket or the object is missing' })
  return content
}

/** Opens the content of the caller's own picture; null where there is none. */
export const openOwnPicture = async (
  { pictures }: Pick<Platform, 'pictures'>,
  { pictureKey }: Pick<Account, 'pictureKey'>,
): Promise<ReadableStream | null> => (pictureKey === null ? null : ((await pictures?.open(pictureKey, null)) ?? null))

function hashOf(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}
