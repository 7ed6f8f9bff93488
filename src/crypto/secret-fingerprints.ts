import { deriveKey, type Secrets } from './derived-key.ts'

/** 64 bits tell two values of a version apart, and nothing about either (HKDF, RFC 5869). */
const FINGERPRINT_BYTES = 8

/**
 * A name for the value of each version, in the order of the list: `v2=0f1e2d3c4b5a6978,v1=…`. It may be read by
 * anybody.
 */
export function describeSecrets(secrets: Secrets): string {
  return secrets
    .map(({ version, secret }) => {
      const fingerprint = Buffer.from(deriveKey(secret, 'fingerprint').subarray(0, FINGERPRINT_BYTES))
      return `${version}=${fingerprint.toString('hex')}`
    })
    .join(',')
}
