import { TOTP_PERIOD_SECONDS } from '../../config.ts'
import { type ImportCode, ImportLine } from '../../contracts/import.ts'
import type { HashParameters } from '../../crypto/password-hash/parameters.ts'
import { readHash } from '../../crypto/password-hash/registry.ts'
import { readTotpSecret } from '../../crypto/totp.ts'
import { sealTotpSecret } from '../../crypto/totp-seals.ts'
import { readStrictJson } from '../../domain/strict-json.ts'
import type { Platform, Reading } from '../../platform/platform.ts'
import { nameColumns } from '../../storage/accounts/accounts.ts'
import type { ImportRow } from '../../storage/import.ts'
import { newId } from '../identifiers.ts'
import { readIdentities } from './identities.ts'
import { LineFault } from './outcome.ts'
import { readPasskeys } from './passkeys.ts'

/** What reading a line needs: `parameters` are those of the header line, if there was one. */
export type ReadingLines = Reading & Pick<Platform, 'providers'> & { parameters: HashParameters | null }

/** The code of a line whose member of this name breaks a rule. */
const CODES = {
  email: 'invalid_email',
  emailVerified: 'invalid_email_verified',
  passwordHash: 'invalid_hash',
  username: 'invalid_username',
  name: 'invalid_name',
  roles: 'invalid_roles',
  createdAt: 'invalid_created_at',
  identities: 'invalid_identities',
  totpSecret: 'invalid_totp_secret',
  passkeys: 'invalid_passkeys',
} as const satisfies Record<keyof ImportLine, ImportCode>

/**
 * Reads a line of an import as the rows of a new account, whatever the database holds. Factors come only with a
 * verified address: whoever signed up with the address of somebody else may have set them. The access counts as
 * unproven in any case, because the other system proved it and not this one (docs/decisions/0030-import.md).
 * @throws {LineFault}
 */
export async function readRecord(deps: ReadingLines, bytes: Uint8Array): Promise<ImportRow> {
  const line = readLine(bytes)
  const { emailVerified, totpSecret, passkeys } = line
  const isVerified = emailVerified === true
  if (!isVerified && (totpSecret != null || (passkeys ?? []).length > 0)) throw new LineFault('unverified_factors')
  const at = deps.now()
  const createdAt = readTime(line.createdAt, at)
  const passwordHash = readPasswordHash(line.passwordHash, deps.parameters)
  const userId = newId()
  const owner = { userId, createdAt: at }
  return {
    account: {
      id: userId,
      email: line.email,
      emailVerifiedAt: isVerified ? at : null,
      ...usernameColumns(deps, line.username ?? null, isVerified),
      ...nameColumns(line.name ?? null),
      passwordHash,
      passwordChangedAt: passwordHash === null ? null : createdAt,
      createdAt,
      importedAt: at,
    },
    roles: [...new Set(line.roles)].filter((role) => role !== 'user'),
    identities: readIdentities(deps, line.identities ?? [], owner),
    totp: totpSecret == null ? null : await readTotp(deps, totpSecret, owner),
    passkeys: await readPasskeys(passkeys ?? [], owner),
  }
}

function readLine(bytes: Uint8Array): ImportLine {
  const json = readStrictJson(bytes)
  if (!json.ok) throw new LineFault('invalid_json')
  const { data, error } = ImportLine.safeParse(json.value.value)
  if (data !== undefined) return data
  const [issue] = error.issues
  const [name] = issue?.path ?? []
  if (typeof name === 'string' && name in CODES) throw new LineFault(CODES[name as keyof typeof CODES])
  throw new LineFault(issue?.code === 'unrecognized_keys' ? 'unknown_field' : 'invalid_json')
}

function readTime(text: string | null | undefined, now: number): number {
  const at = text == null ? now : Date.parse(text)
  if (at < 0 || at > now) throw new LineFault('invalid_created_at')
  return at
}

/** As at a sign-up, nobody holds a username before the address is confirmed. */
function usernameColumns({ settings }: Pick<Platform, 'settings'>, username: string | null, isVerified: boolean) {
  return isVerified || !settings.requireEmailVerification
    ? { username, usernameWish: null }
    : { username: null, usernameWish: username }
}

function readPasswordHash(text: string | null | undefined, parameters: HashParameters | null): string | null {
  if (text == null) return null
  const hash = readHash(text, parameters)
  if (hash.outcome === 'ok') return hash.stored
  throw new LineFault(hash.outcome === 'malformed' ? 'invalid_hash' : 'unsupported_hash')
}

/** Seals the secret of an authenticator app. No code that the app has shown until now is accepted (RFC 6238 §5.2). */
async function readTotp(
  { settings }: Pick<Platform, 'settings'>,
  text: string,
  { userId, createdAt }: { userId: string; createdAt: number },
): Promise<ImportRow['totp']> {
  const secret = readTotpSecret(text)
  if (secret === null) throw new LineFault('invalid_totp_secret')
  const sealed = await sealTotpSecret(settings.secrets, userId, secret)
  const lastStep = Math.floor(createdAt / 1000 / TOTP_PERIOD_SECONDS)
  return { userId, ...sealed, createdAt, activatedAt: createdAt, lastStep }
}
