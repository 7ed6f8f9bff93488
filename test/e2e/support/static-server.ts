import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

export interface StaticServer {
  origin: string
  /** Serves a folder from now on. Texts in its pages are replaced, as an author would edit them. */
  serve(folder: string, replaced?: Record<string, string>): void
  close(): Promise<void>
}

/** Serves files on an origin of its own, as any web server does. */
export async function startStaticServer(): Promise<StaticServer> {
  let root = ''
  let changes: Record<string, string> = {}
  const server = createServer(async ({ url = '/' }, response) => {
    const path = normalize(new URL(url, 'http://localhost').pathname)
    // As hosts of single-page apps do, it serves their page at every address that no file has.
    const name = extname(path) === '' ? '/index.html' : path
    const content = await readFile(join(root, name)).catch(() => null)
    if (content === null) {
      response.writeHead(404).end()
      return
    }
    const type = TYPES[extname(name)] ?? 'application/octet-stream'
    let body = content.toString()
    if (type === 'text/html') for (const [from, to] of Object.entries(changes)) body = body.replaceAll(from, to)
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  return {
    origin: `http://localhost:${typeof address === 'object' ? address?.port : 0}`,
    serve(folder, replaced = {}) {
      root = folder
      changes = replaced
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
