import { createServer } from 'node:http'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const { ISSUER = 'http://localhost:8787', APP = 'http://localhost:5174', PORT = '5175' } = process.env
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`))

/** Verifies an access token offline. A session that has ended is noticed when its token has expired. */
async function verify(token) {
  const { payload } = await jwtVerify(token, keys, {
    issuer: ISSUER,
    audience: ISSUER,
    typ: 'at+jwt',
    algorithms: ['ES256'],
  })
  return payload
}

createServer(async (request, response) => {
  const headers = {
    'Content-Type': 'application/json',
    'Access-Control-Allow-Origin': APP,
    'Access-Control-Allow-Headers': 'Authorization',
  }
  const send = (status, body) => response.writeHead(status, headers).end(JSON.stringify(body))
  if (request.method === 'OPTIONS') return send(200, {})
  try {
    const { sub } = await verify(request.headers.authorization?.replace(/^Bearer /i, '') ?? '')
    send(200, { hello: sub })
  } catch {
    send(401, { code: 'unauthenticated' })
  }
}).listen(Number(PORT), 'localhost')
