import { createHash, createHmac } from 'node:crypto'
import { DEVICE_TOKEN_TTL_SECONDS } from '../config.ts'
import { isEqualInConstantTime } from '../domain/constant-time.ts'
import { deriveKey, type Secrets } from './derived-key.ts'

const FORM =
  /^(v[1-9][0-9]{0,5})\.([0-9a-f-]{36})\.([1-9][0-9]{9,11})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/
const ACCOUNT_NAME_BYTES = 16

/**
 * Makes a token for a device that has logged in to this account. It signs nobody in: it only names the device's own
 * login budget (OWASP "device cookies"). It names the account by a keyed hash, so that we can tell that we made a token
 * before we know whose it is.
 */
export function makeDeviceToken(secrets: Secrets, userId: string, deviceId: string, nowMs: number): string {
  const [{ version, secret }] = secrets
  const expires = Math.floor(nowMs / 1000) + DEVICE_TOKEN_TTL_SECONDS
  const account = nameAccount(secret, userId).toString('base64url')
  const mac = sign(secret, `${deviceId}|${expires}|${account}`).toString('base64url')
  return `${version}.${deviceId}.${expires}.${account}.${mac}`
}

/** Hashes the id of a device, so that the database does not hold what a token of the device says. */
export const hashDeviceId = (deviceId: string): string => createHash('sha256').update(deviceId).digest('base64url')

/** Gives the device's id if the token was made for this account and has not expired, and otherwise null. */
export function verifyDeviceToken(secrets: Secrets, userId: string, token: string, nowMs: number): string | null {
  const issued = readIssuedToken(secrets, token, nowMs)
  if (issued === null) return null
  const isOfAccount = isEqualInConstantTime(
    Buffer.from(issued.account, 'base64url'),
    nameAccount(issued.secret, userId),
  )
  return isOfAccount ? issued.deviceId : null
}

/**
 * Gives the keyed name of the token's account if we made the token, for whatever account, and it has not expired;
 * otherwise null.
 */
export function readDeviceAccount(secrets: Secrets, token: string, nowMs: number): string | null {
  return readIssuedToken(secrets, token, nowMs)?.account ?? null
}

function readIssuedToken(secrets: Secrets, token: string, nowMs: number) {
  const [, version, deviceId, expires, account, encoded] = FORM.exec(token) ?? []
  const secret = secrets.find((candidate) => candidate.version === version)?.secret
  if (!secret || deviceId === undefined || account === undefined || encoded === undefined) return null
  if (Number(expires) * 1000 <= nowMs) return null
  const mac = sign(secret, `${deviceId}|${expires}|${account}`)
  const isGenuine = isEqualInConstantTime(Buffer.from(encoded, 'base64url'), mac)
  return isGenuine ? { secret, deviceId, account } : null
}

function nameAccount(secret: Uint8Array, userId: string): Buffer {
  const hash = createHmac('sha256', deriveKey(secret, 'device-account')).update(userId).digest()
  return hash.subarray(0, ACCOUNT_NAME_BYTES)
}

function sign(secret: Uint8Array, text: string): Buffer {
  return createHmac('sha256', deriveKey(secret, 'device')).update(text).digest()
}
