import { deriveKey, type Secrets } from './derived-key.ts'

/** A fingerprint of 64 bits tells two values of a version apart, and tells nothing about either (HKDF, RFC 5869). */
const FINGERPRINT_BYTES = 8

/**
 * Gives a fingerprint for the value of each version, in the order of the list: `v2=0f1e2d3c4b5a6978,v1=…`. Anybody may
 * read it.
 */
export function describeSecrets(secrets: Secrets): string {
  return secrets
    .map(({ version, secret }) => {
      const fingerprint = Buffer.from(deriveKey(secret, 'fingerprint').subarray(0, FINGERPRINT_BYTES))
      return `${version}=${fingerprint.toString('hex')}`
    })
    .join(',')
}
