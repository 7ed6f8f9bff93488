import budget from '../scripts/budget.json' with { type: 'json' }
import { betterAuth } from './services/better-auth.ts'
import { hashFloor, verifyFloor } from './services/floors.ts'

/** How much CPU time an operation of Postern may take, as a multiple of what another service takes. */
export interface Aim {
  operation: string
  peer: string
  peerOperation: string
  atMost: number
}

export const CPU_AIMS: readonly Aim[] = [
  { operation: 'GET /auth/session', peer: verifyFloor.name, peerOperation: 'GET /session', atMost: 1 },
  { operation: 'GET /auth/session', peer: betterAuth.name, peerOperation: 'GET /get-session', atMost: 0.25 },
  { operation: 'GET /auth/me', peer: betterAuth.name, peerOperation: 'GET /get-session', atMost: 0.45 },
  { operation: 'POST /auth/refresh', peer: betterAuth.name, peerOperation: 'GET /token', atMost: 0.55 },
  { operation: 'POST /auth/login', peer: betterAuth.name, peerOperation: 'POST /sign-in/email', atMost: 0.45 },
  { operation: 'POST /auth/login', peer: hashFloor.name, peerOperation: 'POST /hash', atMost: 1.12 },
]

/** Script and WebAssembly, minified and gzipped: as much as CI allows (docs/decisions/0019-bundle.md). */
export const CODE_MAX_KIB = budget.codeGzippedKiB
/** The CPU time of a new isolate, as a multiple of better-auth's. */
export const START_UP_MAX_RATIO = 0.6
