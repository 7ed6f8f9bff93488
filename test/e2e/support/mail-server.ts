import net from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface Received {
  secure: boolean
  method: string
  user: string
  password: string
  clientName: string
  from: string
  to: string[]
  raw: Buffer
}

export interface MailServer {
  port: number
  received: Received[]
  close(): Promise<void>
}

/** Builds a refusal with an SMTP reply code. */
export function refuse(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code })
}

/** A server misbehaves in these ways. */
export interface Faults {
  /** This makes the reply to a login that is refused. */
  refuseLogin?: () => Error | null
  /** It answers whether the connection is cut once a message is accepted, before the reply says so. */
  cutAfter?: (mail: Received) => boolean
}

/** Starts a real SMTP server on localhost that keeps what it accepts. */
export async function startMailServer(options: SMTPServerOptions = {}, faults: Faults = {}): Promise<MailServer> {
  const received: Received[] = []
  const logins = new Map<string, { method: string; user: string; password: string }>()
  const server = new SMTPServer({
    logger: false,
    onAuth(auth, session, done) {
      const refusal = faults.refuseLogin?.() ?? null
      if (refusal !== null) return done(refusal)
      const login = { method: auth.method, user: auth.username ?? '', password: auth.password ?? '' }
      logins.set(session.id, login)
      done(null, { user: login.user })
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope
        const mail = {
          secure: session.secure,
          ...(logins.get(session.id) ?? { method: '', user: '', password: '' }),
          clientName: session.clientHostname || String(session.hostNameAppearsAs),
          from: mailFrom === false ? '' : (mailFrom?.address ?? ''),
          to: rcptTo.map((recipient) => recipient.address),
          raw: Buffer.concat(chunks),
        }
        received.push(mail)
        if (faults.cutAfter?.(mail)) [...server.connections].find(({ id }) => id === session.id)?.close()
        else done()
      })
    },
    ...options,
  })
  // A client that hangs up, or refuses the certificate, is no fault of the server.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, 'localhost', () => resolve()))
  const address = server.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { port, received, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

export interface ScriptedServer {
  port: number
  /** The client sent these lines, over all connections. */
  lines: string[]
  close(): Promise<void>
}

/**
 * Starts a server that answers each line by a script. The script does what a correct server never does: it hangs, drops
 * the connection, sends byte after byte, or answers nonsense.
 */
export async function startScriptedServer(
  greet: (socket: net.Socket) => void,
  answer: (line: string, socket: net.Socket) => void,
): Promise<ScriptedServer> {
  const lines: string[] = []
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let rest = ''
    socket.on('data', (chunk) => {
      const parts = (rest + chunk.toString()).split('\r\n')
      rest = parts.pop() ?? ''
      for (const line of parts) {
        lines.push(line)
        answer(line, socket)
      }
    })
    greet(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', () => resolve()))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { port, lines, close }
}
