import { createHmac, timingSafeEqual } from 'node:crypto'
import { DEVICE_TOKEN_TTL_SECONDS } from '../config.ts'
import { deriveKey, type Secrets } from './derived-key.ts'

const FORM = /^(v[1-9][0-9]{0,5})\.([0-9a-f-]{36})\.([1-9][0-9]{9,11})\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/

/**
 * A token for a device that has logged in to this account. It signs nobody in: it only names the device's own login budget
 * (OWASP "device cookies").
 */
export function makeDeviceToken(secrets: Secrets, userId: string, deviceId: string, nowMs: number): string {
  const [newest] = secrets
  const expires = Math.floor(nowMs / 1000) + DEVICE_TOKEN_TTL_SECONDS
  return `${newest.version}.${deviceId}.${expires}.${mac(newest.secret, userId, deviceId, expires).toString('base64url')}`
}

/** The device's id, when the token was made for this account and has not expired; else null. */
export function readDeviceToken(secrets: Secrets, userId: string, token: string, nowMs: number): string | null {
  const [, version, deviceId, expires, encoded] = FORM.exec(token) ?? []
  const secret = secrets.find((candidate) => candidate.version === version)?.secret
  if (!secret || deviceId === undefined || encoded === undefined || Number(expires) * 1000 <= nowMs) return null
  const isGenuine = timingSafeEqual(mac(secret, userId, deviceId, Number(expires)), Buffer.from(encoded, 'base64url'))
  return isGenuine ? deviceId : null
}

function mac(secret: Uint8Array, userId: string, deviceId: string, expires: number): Buffer {
  return createHmac('sha256', deriveKey(secret, 'device')).update(`${userId}|${deviceId}|${expires}`).digest()
}
