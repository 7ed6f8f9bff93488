/** What `AuthRpc` answers, as docs/other-services.md says it in full. */
interface Auth {
  verify(
    token: string,
    options?: { permission?: string; fresh?: boolean },
  ): Promise<
    { ok: true; claims: { userId: string } } | { ok: false; code: 'unauthenticated' | 'forbidden' | 'unavailable' }
  >
}

interface Bindings {
  AUTH: Auth
  APP: string
}

const STATUS = { unauthenticated: 401, forbidden: 403, unavailable: 503 } as const

export default {
  async fetch(request, env): Promise<Response> {
    const headers = { 'Access-Control-Allow-Origin': env.APP, 'Access-Control-Allow-Headers': 'Authorization' }
    if (request.method === 'OPTIONS') return new Response(null, { headers })
    const token = request.headers.get('Authorization')?.replace(/^Bearer /i, '') ?? ''
    // What changes something asks for the session as it is now.
    const verified = await env.AUTH.verify(token, { fresh: request.method !== 'GET' })
    if (!verified.ok) return Response.json({ code: verified.code }, { status: STATUS[verified.code], headers })
    return Response.json({ hello: verified.claims.userId }, { headers })
  },
} satisfies ExportedHandler<Bindings>
