import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { configurePeer } from './peer.ts'
import type { Service } from './service.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const ISSUER = 'http://localhost:8789'
const TOKEN_SECONDS = 24 * 3600

const toPart = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function signToken(): string {
  const issuedAt = Math.floor(Date.now() / 1000)
  const claims = { iss: ISSUER, sub: randomUUID(), sid: randomUUID(), roles: ['user'], iat: issuedAt }
  const input = `${toPart({ alg: 'ES256', typ: 'at+jwt' })}.${toPart({ ...claims, exp: issuedAt + TOKEN_SECONDS })}`
  const signature = sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** The floor of an authenticated read: Hono, a signature and a question to KV. */
export const verifyFloor: Service<string> = {
  name: 'bare Hono: verify ES256, read KV',
  config: configurePeer('floor-verify', 'verify/index.ts', {
    kv_namespaces: [{ binding: 'ENDED', id: 'ended' }],
    vars: { ISSUER, PUBLIC_KEY: publicKey.export({ format: 'jwk' }) as Record<string, string> },
  }),
  hello: { path: '/' },
  enrol: async (_, count) => Array.from({ length: count }, signToken),
  operations: {
    'GET /session': async (client, token) => {
      await client.send(200, { path: '/session', headers: { Authorization: `Bearer ${token}` } })
    },
  },
}

/** The floor of a login: one argon2id hash. */
export const hashFloor: Service<string> = {
  name: 'bare Worker: hash argon2id',
  config: configurePeer('floor-hash', 'hash/index.ts', {}),
  hello: { path: '/' },
  enrol: async (_, count) => Array.from({ length: count }, () => randomUUID()),
  operations: {
    'POST /hash': async (client, password) => {
      await client.send(200, { method: 'POST', path: '/', body: password })
    },
  },
}
