import * as z from 'zod'
import { named, timestamp } from './common.ts'
import { User } from './users.ts'

/** What is exported of a person, each as the rows of a table. */
const PARTS = [
  'account',
  'roles',
  'notes',
  'identities',
  'sessions',
  'grants',
  'trustedDevices',
  'authenticatorApps',
  'recoveryCodes',
  'passkeys',
  'pictures',
  'factorRemovals',
  'mailedTokens',
  'loginExchanges',
  'mails',
  'activeDays',
  'counted',
  'events',
] as const

export const AccountExport = named('AccountExport', () =>
  z.object({
    exportedAt: timestamp(),
    profile: User,
    data: z
      .record(z.enum(PARTS), z.array(z.record(z.string(), z.unknown())))
      .meta({ description: 'Every row of the database that is about the account, without its secrets.' }),
    picture: z
      .string()
      .nullable()
      .meta({ description: 'The file of the picture, in base64; `data.pictures` says what it is.' }),
  }),
)
export type AccountExport = z.infer<typeof AccountExport>
