import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  calculateJwkThumbprint,
  decodeJwt,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose'
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider'

/** An account says this of itself. A claim that is missing here is not sent. */
export interface Account {
  email?: string
  email_verified?: boolean
  name?: string
}

/**
 * An endpoint fails in one of these ways: it is silent until the provider is closed, it answers with status 500 or with
 * HTML, or its JSON breaks off.
 */
export type Fault = 'slow' | 'status_500' | 'html' | 'malformed_json'
export type Endpoint = 'discovery' | 'jwks' | 'token' | 'userinfo'

/**
 * These two issuers differ in everything that a client may meet:
 * - `basic` uses RS256 and `client_secret_basic`, and puts the claims into the ID token.
 * - `post` uses ES256 and `client_secret_post`, and gives the claims only by UserInfo.
 * Both ask for PKCE and answer with `iss` (RFC 9207).
 */
export type Flavour = 'basic' | 'post'

export interface OpenIdProvider {
  /** This is an entry of `OIDC_PROVIDERS`, without `trustedEmailDomains`. */
  readonly settings: { id: string; name: string; issuer: string; clientId: string; clientSecret: string }
  /** Lets the client use a redirect URL that was not known at the start. */
  allowRedirect(redirectUri: string): void
  /** Sets who signs in where neither `login_hint` nor a cookie `account` says so. */
  signInAs(accountId: string): void
  /** Sets whether the person refuses the login from now on. */
  deny(denied: boolean): void
  /** Breaks an endpoint, or mends it when the fault is null. */
  break(endpoint: Endpoint, fault: Fault | null): void
  /**
   * Changes the claims of every ID token from now on, which the issuer still signs with its own key. A null ends this.
   */
  alterIdTokens(alter: ((claims: JWTPayload) => JWTPayload) | null): void
  /** Replaces the signing key. The old one disappears at once, as in an emergency. */
  rotateKeys(): Promise<void>
  /** Answers how often an endpoint was asked. */
  requests(endpoint: Endpoint): number
  /** Ends every connection, including pending ones. */
  close(): Promise<void>
}

const ALGORITHM = { basic: 'RS256', post: 'ES256' } as const
const PATHS: Record<Endpoint, string> = {
  discovery: '/.well-known/openid-configuration',
  jwks: '/jwks',
  token: '/token',
  userinfo: '/me',
}

/**
 * Starts a real OpenID provider on a free port of this machine. It logs the chosen account in without asking, so that a
 * test can walk through the login over plain HTTP.
 */
export async function startOpenIdProvider(
  flavour: Flavour,
  accounts: Readonly<Record<string, Account>>,
): Promise<OpenIdProvider> {
  const faults = new Map<Endpoint, Fault>()
  const counts = new Map<Endpoint, number>()
  const redirectUris = ['http://localhost/unused']
  let accountId = Object.keys(accounts)[0] ?? 'nobody'
  let denied = false
  let alter: ((claims: JWTPayload) => JWTPayload) | null = null
  let key = await createKey(ALGORITHM[flavour])
  let provider: Provider

  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    const endpoint = (Object.keys(PATHS) as Endpoint[]).find((name) => PATHS[name] === path)
    if (endpoint !== undefined) {
      counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1)
      const fault = faults.get(endpoint)
      if (fault !== undefined) return fail(response, fault)
    }
    if (path.startsWith('/interaction/')) return void decide(request, response)
    return void provider.callback()(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  const issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const settings = {
    id: flavour,
    name: `Test ${flavour}`,
    issuer,
    clientId: 'postern',
    clientSecret: `secret-of-${flavour}`,
  }

  /** Answers the login in the name of the person, without any page or consent. */
  async function decide(request: IncomingMessage, response: ServerResponse) {
    const { params } = await provider.interactionDetails(request, response)
    const cookie = /(?:^|; )account=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]
    const chosen = String(params.login_hint ?? cookie ?? accountId)
    const result = denied
      ? { error: 'access_denied', error_description: 'End-User aborted interaction' }
      : { login: { accountId: chosen } }
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false })
  }

  /**
   * Builds a new provider, which replaces the old one because a provider cannot change its keys or clients. Codes and
   * sessions live on, because both share an adapter.
   */
  function build() {
    const client: ClientMetadata = {
      client_id: settings.clientId,
      client_secret: settings.clientSecret,
      redirect_uris: redirectUris,
      token_endpoint_auth_method: `client_secret_${flavour}`,
      id_token_signed_response_alg: ALGORITHM[flavour],
    }
    provider = new Provider(issuer, configure(flavour, accounts, client, key))
    provider.use(async (ctx, next) => {
      await next()
      const body = ctx.body as { id_token?: string } | undefined
      if (alter !== null && ctx.path === PATHS.token && typeof body?.id_token === 'string')
        body.id_token = await sign(alter(decodeJwt(body.id_token)), key)
    })
  }
  build()

  return {
    settings,
    allowRedirect(redirectUri) {
      redirectUris.push(redirectUri)
      build()
    },
    signInAs: (id) => {
      accountId = id
    },
    deny: (value) => {
      denied = value
    },
    break: (endpoint, fault) => {
      if (fault === null) faults.delete(endpoint)
      else faults.set(endpoint, fault)
    },
    alterIdTokens: (change) => {
      alter = change
    },
    async rotateKeys() {
      key = await createKey(ALGORITHM[flavour])
      build()
    },
    requests: (endpoint) => counts.get(endpoint) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function configure(
  flavour: Flavour,
  accounts: Readonly<Record<string, Account>>,
  client: ClientMetadata,
  key: JWK,
): Configuration {
  return {
    clients: [client],
    clientAuthMethods: [`client_secret_${flavour}`],
    jwks: { keys: [key as never] },
    enabledJWA: { idTokenSigningAlgValues: [ALGORITHM[flavour]] },
    pkce: { required: () => true },
    // The value false also puts the claims of the granted scopes into the ID token.
    conformIdTokenClaims: flavour === 'post',
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    cookies: { keys: ['only-for-tests'] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    findAccount: (_, sub) => {
      const claims = accounts[sub]
      return claims === undefined ? undefined : { accountId: sub, claims: () => ({ sub, ...claims }) }
    },
    /** Grants what is asked for, because the consent page would only add one more redirect. */
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ accountId: oidc.session?.accountId, clientId: oidc.client?.clientId })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: 300, Interaction: 300, Session: 300, Grant: 300 },
  }
}

async function createKey(alg: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(privateKey)
  return { ...jwk, alg, use: 'sig', kid: await calculateJwkThumbprint(jwk) }
}

async function sign(claims: JWTPayload, key: JWK): Promise<string> {
  const { alg = '', kid = '' } = key
  return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(await importJWK(key, alg))
}

function fail(response: ServerResponse, fault: Fault): void {
  if (fault === 'slow') return
  const answers = {
    status_500: [500, 'application/json', '{"error":"server_error"}'],
    html: [200, 'text/html', '<!doctype html><h1>Maintenance</h1>'],
    malformed_json: [200, 'application/json', '{"access_token":"'],
  } as const
  const [status, type, body] = answers[fault]
  response.writeHead(status, { 'content-type': type }).end(body)
}
