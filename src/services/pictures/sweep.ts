import { PICTURE_SWEEP_BATCH } from '../../config.ts'
import type { Platform } from '../../platform/platform.ts'
import { forgetRemovals, listDueRemovals } from '../../storage/pictures.ts'

/**
 * Removes objects of the bucket that are no longer a picture, or never became one. A record is forgotten only once its
 * object is gone, so what R2 refuses is tried again by the next run.
 */
export async function sweepPictures({ db, now, pictures }: Pick<Platform, 'db' | 'now' | 'pictures'>): Promise<void> {
  if (pictures === null) return
  const keys = await listDueRemovals(db, now(), PICTURE_SWEEP_BATCH)
  if (keys.length === 0) return
  await pictures.remove(keys)
  await forgetRemovals(db, keys)
}
