import type { AuthRpc } from '../../../src/index.ts'

export interface Env {
  AUTH: Service<typeof AuthRpc>
}

const STATUS = { unauthenticated: 401, forbidden: 403, unavailable: 503 } as const

/**
 * This service asks Postern who is calling: it takes `GET /?permission=&fresh=` with a bearer token. `POST /arguments`
 * passes on whatever arguments it is sent, as a caller without types would.
 */
const worker = {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/arguments') {
      const [token, options] = (await request.json()) as Parameters<Env['AUTH']['verify']>
      return Response.json(await env.AUTH.verify(token, options))
    }
    const token = request.headers.get('Authorization')?.replace(/^Bearer /i, '') ?? ''
    const permission = searchParams.get('permission')
    const verified = await env.AUTH.verify(token, {
      ...(permission === null ? {} : { permission }),
      fresh: searchParams.has('fresh'),
    })
    if (!verified.ok) return Response.json({ code: verified.code }, { status: STATUS[verified.code] })
    return Response.json(verified.claims)
  },
} satisfies ExportedHandler<Env>

// biome-ignore lint/style/noDefaultExport: a Worker is its default export
export default worker
