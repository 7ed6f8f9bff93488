import { hashDeviceId } from '../../crypto/device-token.ts'
import { DAY_MS } from '../../domain/day.ts'
import { isRecent } from '../../domain/recency.ts'
import type { Platform, Reading } from '../../platform/platform.ts'
import { findTrust } from '../../storage/sessions/trusted-devices.ts'

/** Gives how long a device is trusted, in milliseconds; 0 means that none is, whatever was remembered before. */
export const trustMs = ({ settings }: Pick<Platform, 'settings'>): number => settings.mfaRememberDays * DAY_MS

/** Gives until when the trust in a device counts; null where there is none, or it has run out. */
export function trustedUntil(deps: Pick<Platform, 'settings' | 'now'>, trustedAt: number | null): number | null {
  if (trustedAt === null || !isRecent({ at: trustedAt, now: deps.now() }, trustMs(deps))) return null
  return trustedAt + trustMs(deps)
}

/** Tells whether a device of a user did a second factor not long ago, and was to be remembered. */
export async function isTrusted(deps: Reading, userId: string, deviceId: string | null): Promise<boolean> {
  if (deviceId === null || trustMs(deps) === 0) return false
  return trustedUntil(deps, await findTrust(deps.db, { id: hashDeviceId(deviceId), userId })) !== null
}
