import { Hono } from 'hono'
import { importJWK, type JWK, jwtVerify } from 'jose'

/** The least that an authenticated read can do: Hono, one signature, and one question to KV. */
interface Bindings {
  PUBLIC_KEY: JWK
  ISSUER: string
  ENDED: KVNamespace
}

const app = new Hono<{ Bindings: Bindings }>()
let publicKey: CryptoKey | null = null

app.get('/session', async (c) => {
  publicKey ??= (await importJWK(c.env.PUBLIC_KEY, 'ES256')) as CryptoKey
  const token = c.req.header('Authorization')?.slice('Bearer '.length) ?? ''
  const { payload } = await jwtVerify(token, publicKey, { issuer: c.env.ISSUER, algorithms: ['ES256'] })
  if ((await c.env.ENDED.get(String(payload.sid))) !== null) return c.json({ code: 'unauthenticated' }, 401)
  return c.json({ userId: payload.sub, sessionId: payload.sid, roles: payload.roles, expiresAt: payload.exp })
})

export default app
