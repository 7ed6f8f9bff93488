import { env } from 'cloudflare:workers'
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWK, type JWTPayload } from 'jose'
import { composePlatform } from '../../src/platform/compose.ts'
import { SYSTEM } from '../../src/platform/requester.ts'
import { findSigningKey, loadKeyRing } from '../../src/services/signing-keys/signing-keys.ts'

/** This is an access token that must be refused, with the reason why. */
export interface ForgedToken {
  flaw: string
  token: string
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const sign = async (header: object, payload: unknown, key: CryptoKey | Uint8Array) =>
  await new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', ...header })
    .sign(key, { crit: { 'urn:test': false } })

/**
 * Makes every forgery that we know of (hono CVE-2026-22817; RFC 8725 §2) from a genuine token. Those of the second half
 * are signed with the service's own key, so only the checks of the claims can refuse them.
 */
export async function forgeTokens(genuine: string): Promise<ForgedToken[]> {
  const [head = '', body = '', signature = ''] = genuine.split('.')
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as JWTPayload
  const { kid } = header
  const platform = composePlatform(env, SYSTEM, { waitUntil: () => undefined })
  const ring = await loadKeyRing(platform)
  const ours = (await findSigningKey(platform)).privateKey
  const published = ring.publicJwks.find((jwk) => (jwk as JWK).kid === kid) as JWK
  const publicKey = (await importJWK(published, 'ES256', { extractable: true })) as CryptoKey
  const stranger = await generateKeyPair('ES256', { extractable: true })
  const strangersJwk = await exportJWK(stranger.publicKey)
  const hmacWith = (secret: string | Uint8Array) =>
    sign({ alg: 'HS256', kid }, claims, typeof secret === 'string' ? new TextEncoder().encode(secret) : secret)
  const spki = await exportSPKI(publicKey)
  const now = Math.floor(Date.now() / 1000)
  const without = (name: string) => Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name))
  const own = async (flaw: string, payload: unknown, more: object = {}) => ({
    flaw,
    token: await sign({ kid, ...more }, payload, ours),
  })

  return [
    { flaw: 'alg none, no signature', token: `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${body}.` },
    { flaw: 'alg NoNe, old signature', token: `${encode({ alg: 'NoNe', typ: 'at+jwt', kid })}.${body}.${signature}` },
    { flaw: 'no alg', token: `${encode({ typ: 'at+jwt', kid })}.${body}.${signature}` },
    { flaw: 'HS256 with the public key as PEM', token: await hmacWith(spki) },
    { flaw: 'HS256 with the public key as PEM and line end', token: await hmacWith(`${spki}\n`) },
    { flaw: 'HS256 with the public JWK', token: await hmacWith(JSON.stringify(published)) },
    { flaw: 'HS256 with x of the public key', token: await hmacWith(Buffer.from(published.x ?? '', 'base64url')) },
    { flaw: 'ES384 in the header', token: `${encode({ alg: 'ES384', typ: 'at+jwt', kid })}.${body}.${signature}` },
    { flaw: 'no signature', token: `${head}.${body}.` },
    { flaw: 'a signature of zeros (CVE-2022-21449)', token: `${head}.${body}.${'A'.repeat(86)}` },
    { flaw: 'a signature cut off', token: genuine.slice(0, -4) },
    {
      flaw: 'other claims under the old signature',
      token: `${head}.${encode({ ...claims, roles: ['admin'] })}.${signature}`,
    },
    { flaw: "a stranger's signature with our kid", token: await sign({ kid }, claims, stranger.privateKey) },
    { flaw: "a stranger's key in jwk", token: await sign({ kid, jwk: strangersJwk }, claims, stranger.privateKey) },
    { flaw: "a stranger's key in jwk, no kid", token: await sign({ jwk: strangersJwk }, claims, stranger.privateKey) },
    {
      flaw: 'a jku',
      token: await sign({ kid: 'theirs', jku: 'https://evil.example/jwks' }, claims, stranger.privateKey),
    },
    {
      flaw: 'an x5u',
      token: await sign({ kid: 'theirs', x5u: 'https://evil.example/x5u' }, claims, stranger.privateKey),
    },
    { flaw: 'a foreign kid', token: await sign({ kid: 'theirs' }, claims, stranger.privateKey) },
    { flaw: 'a kid that is a path', token: await sign({ kid: '../../dev/null' }, claims, stranger.privateKey) },
    { flaw: 'a kid that is SQL', token: await sign({ kid: "x' or '1'='1" }, claims, stranger.privateKey) },
    { flaw: 'a kid of a prototype', token: await sign({ kid: '__proto__' }, claims, stranger.privateKey) },
    { flaw: 'our key, no kid', token: await sign({}, claims, ours) },
    { flaw: 'our key, foreign kid', token: await sign({ kid: 'theirs' }, claims, ours) },
    await own('typ JWT', claims, { typ: 'JWT' }),
    await own('typ of an ID token', claims, { typ: 'id+jwt' }),
    await own('no typ', claims, { typ: undefined }),
    await own('a crit that nobody knows', claims, { crit: ['urn:test'], 'urn:test': true }),
    await own('expired', { ...claims, exp: now - 1 }),
    await own('expires now', { ...claims, exp: now }),
    await own('not valid yet', { ...claims, nbf: now + 60 }),
    await own('another issuer', { ...claims, iss: 'https://other.example' }),
    await own('an issuer that begins like ours', { ...claims, iss: `${claims.iss}.evil.example` }),
    await own('another audience', { ...claims, aud: 'https://other.example' }),
    await own('an audience that begins like ours', { ...claims, aud: `${String(claims.aud)}/` }),
    await own('a time that is text', { ...claims, exp: String(claims.exp) }),
    await own('roles that are no list', { ...claims, roles: 'admin' }),
    await own('permissions of numbers', { ...claims, permissions: [1] }),
    await own('a subject that is no text', { ...claims, sub: 7 }),
    await own('claims that are a list', [claims]),
    await own('claims that are null', null),
    ...(await Promise.all(
      ['iss', 'sub', 'aud', 'exp', 'iat', 'jti', 'sid', 'roles', 'permissions', 'amr', 'auth_time'].map((name) =>
        own(`no ${name}`, without(name)),
      ),
    )),
  ]
}
