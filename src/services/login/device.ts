import { readDeviceAccount, verifyDeviceToken } from '../../crypto/device-token.ts'
import type { Platform } from '../../platform/platform.ts'

/**
 * Reads the id of the device that a token names, if this service made the token for this account; any other text gives
 * null.
 */
export function readDevice(
  deps: Pick<Platform, 'settings' | 'now'>,
  userId: string,
  deviceToken: string | null,
): string | null {
  return deviceToken === null ? null : verifyDeviceToken(deps.settings.secrets, userId, deviceToken, deps.now())
}

/**
 * Reads the keyed name by which a device token refers to its account without revealing it; any text that is no device
 * token of this service gives null.
 */
export function nameDeviceAccount(deps: Pick<Platform, 'settings' | 'now'>, deviceToken: string | null): string | null {
  return deviceToken === null ? null : readDeviceAccount(deps.settings.secrets, deviceToken, deps.now())
}
