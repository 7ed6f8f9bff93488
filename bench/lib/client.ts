import { Agent, request } from 'node:http'

export interface Call {
  method?: 'GET' | 'POST'
  path: string
  headers?: Readonly<Record<string, string>>
  body?: unknown
}

export interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  text: string
}

export interface Client {
  answer(call: Call): Promise<Answer>
  /** Sends a request, and throws unless the answer has this status. */
  send(status: number, call: Call): Promise<Answer>
  close(): void
}

/** What Cloudflare tells a Worker about a visitor; workerd takes it from a header. */
const VISITOR = JSON.stringify({
  asn: 395_747,
  asOrganization: 'Example Networks',
  city: 'Amsterdam',
  clientAcceptEncoding: 'gzip, deflate, br',
  clientTcpRtt: 12,
  colo: 'AMS',
  continent: 'EU',
  country: 'NL',
  edgeRequestKeepAliveStatus: 1,
  httpProtocol: 'HTTP/2',
  isEUCountry: '1',
  latitude: '52.37403',
  longitude: '4.88969',
  postalCode: '1012',
  region: 'North Holland',
  regionCode: 'NH',
  requestPriority: 'weight=256;exclusive=1',
  timezone: 'Europe/Amsterdam',
  tlsCipher: 'AEAD-AES128-GCM-SHA256',
  tlsVersion: 'TLSv1.3',
})

const BROWSER = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

/** So many addresses take turns that none of them comes near a limit on requests. */
const ADDRESSES = 2 ** 16

/** Opens a client that keeps its connections and sends what a browser behind Cloudflare sends. */
export function openClient(origin: string, connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  let sent = 0
  const visit = () => {
    sent = (sent + 1) % ADDRESSES
    return {
      'CF-Connecting-IP': `10.7.${sent >> 8}.${sent & 255}`,
      'MF-CF-Blob': VISITOR,
      'User-Agent': BROWSER,
      Accept: 'application/json',
      'Accept-Language': 'en-GB,en;q=0.9',
    }
  }
  const answer = (call: Call): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', path, headers, body } = call
      const json = body === undefined ? null : JSON.stringify(body)
      const content =
        json === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(json) }
      const sending = request(
        `${origin}${path}`,
        { agent, method, headers: { ...visit(), ...content, ...headers } },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => (text += chunk))
          response.on('error', reject)
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
        },
      )
      sending.on('error', (error: NodeJS.ErrnoException) => {
        // workerd closed an idle connection at the moment at which it was used again, and saw nothing of the request.
        if (sending.reusedSocket && error.code === 'ECONNRESET') return resolve(answer(call))
        reject(new Error(`${method} ${path} got no answer: ${error.message}`, { cause: error }))
      })
      sending.end(json ?? undefined)
    })
  return {
    answer,
    send: async (status, call) => {
      const answered = await answer(call)
      if (answered.status === status) return answered
      throw new Error(
        `${call.method ?? 'GET'} ${call.path} answered ${answered.status}, not ${status}: ${answered.text}`,
      )
    },
    close: () => agent.destroy(),
  }
}
