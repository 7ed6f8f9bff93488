import * as z from 'zod'
import { named, timestamp } from './common.ts'
import { User } from './users.ts'

const text = () => z.string()
const maybeText = () => z.string().nullable()
const number = () => z.int()
const flag = () => z.boolean()
const time = () => timestamp()
const maybeTime = () => timestamp().nullable()
const list = () => z.array(z.string())
const rows = <Columns extends z.ZodRawShape>(columns: Columns) => z.array(z.object(columns))

const account = () =>
  rows({
    ...{ id: text(), email: text(), emailVerifiedAt: maybeTime(), username: maybeText(), usernameWish: maybeText() },
    ...{ name: maybeText(), passwordChangedAt: maybeTime(), passwordResetRequiredAt: maybeTime(), status: text() },
    ...{ deletesAt: maybeTime(), locale: text(), accessProvenAt: maybeTime(), createdAt: time() },
    ...{ importedAt: maybeTime(), lastSeenAt: maybeTime() },
  })

/** What signs the person in, and what they have signed in with. */
const credentials = () => ({
  identities: rows({
    ...{ id: text(), userId: text(), provider: text(), issuer: text(), subject: text(), email: maybeText() },
    ...{ how: text(), isAuthority: flag(), createdAt: time(), lastUsedAt: time() },
  }),
  sessions: rows({
    ...{ id: text(), userId: text(), methods: list(), authenticatedAt: time(), strongAuthenticatedAt: maybeTime() },
    ...{ device: maybeText(), createdAt: time(), lastSeenAt: time(), expiresAt: time(), userAgent: maybeText() },
    ...{ country: maybeText(), city: maybeText() },
  }),
  grants: rows({
    ...{ id: text(), sessionId: text(), clientId: maybeText(), resource: maybeText(), scope: maybeText() },
    ...{ generation: number(), rotatedAt: time() },
  }),
  trustedDevices: rows({ id: text(), userId: text(), userAgent: maybeText(), createdAt: time() }),
  authenticatorApps: rows({ userId: text(), createdAt: time(), activatedAt: maybeTime() }),
  recoveryCodes: rows({ userId: text(), createdAt: time() }),
  passkeys: rows({
    ...{ id: text(), userId: text(), credentialId: text(), publicKey: text(), counter: number(), transports: list() },
    ...{ aaguid: text(), name: text(), isBackupEligible: flag(), isBackedUp: flag(), opensAlone: flag() },
    ...{ createdAt: time(), lastUsedAt: maybeTime(), userHandle: maybeText() },
  }),
  pictures: rows({
    ...{ userId: text(), key: text(), mediaType: text(), bytes: number(), width: number(), height: number() },
    createdAt: time(),
  }),
  factorRemovals: rows({
    ...{ userId: text(), tokenId: text(), requestedBy: text(), requestedAt: time(), removesAt: time() },
  }),
})

/** What the service has done, or waits to do, for the person. */
const dealings = () => ({
  mailedTokens: rows({
    ...{ id: text(), userId: text(), purpose: text(), email: text(), sessionId: maybeText(), attempts: number() },
    ...{ methods: list().nullable(), createdAt: time(), expiresAt: time() },
  }),
  loginExchanges: rows({
    ...{ id: text(), userId: text(), delivery: text(), methods: list(), createdAt: time(), expiresAt: time() },
  }),
  mails: rows({
    ...{ id: text(), kind: text(), recipient: text(), mailbox: text(), priority: number(), locale: text() },
    ...{ userId: maybeText(), tokenId: maybeText(), details: z.record(text(), text()), createdAt: time() },
    ...{ attempts: number(), nextAttemptAt: time(), state: text(), lastError: maybeText() },
  }),
  activeDays: rows({ day: text(), userId: text() }),
  counted: rows({ userId: text(), kinds: text() }),
  events: rows({
    ...{ sequence: number(), id: text(), type: text(), at: time(), actorId: maybeText(), userId: maybeText() },
    ...{ ip: maybeText(), country: maybeText(), userAgent: maybeText(), requestId: maybeText() },
    details: z.record(text(), z.unknown()),
  }),
  loginFailures: rows({ budget: text(), count: number(), lastAt: time() }).meta({
    description: 'Failed logins and tries of factors within a day: those of strangers, and of devices known to you.',
  }),
})

export const AccountExport = named('AccountExport', () =>
  z.object({
    exportedAt: timestamp(),
    profile: User,
    data: z
      .object({
        account: account(),
        roles: rows({ userId: text(), role: text() }),
        notes: rows({ userId: text(), note: text(), changedAt: time(), changedBy: text() }),
        ...credentials(),
        ...dealings(),
      })
      .meta({
        description:
          'Every row of the database that is about the account, without its secrets, and what its throttle counts.',
      }),
    picture: z
      .string()
      .nullable()
      .meta({ description: 'The file of the picture, in base64; `data.pictures` says what it is.' }),
  }),
)
export type AccountExport = z.infer<typeof AccountExport>
