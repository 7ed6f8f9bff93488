import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import { named, timestamp } from './common.ts'

const count = () => z.int()
const day = () => z.iso.date().meta({ example: '2026-01-31' })

export const Stats = named('Stats', () =>
  z.object({
    days: z.array(
      z.object({
        date: day(),
        signUps: count(),
        logins: count(),
        loginsBy: z.object({ password: count(), passkey: count(), provider: count() }),
        failedLogins: count(),
        lockouts: count().meta({ description: 'Logins that were refused because too many had failed.' }),
        activeUsers: count(),
        factorsAdded: count().meta({ description: 'Authenticator apps, passkeys and linked providers.' }),
        factorsRemoved: count(),
        failedMails: count(),
      }),
    ),
    totals: z.object({
      users: count(),
      verified: count(),
      deactivated: count(),
      withFactor: count().meta({ description: 'Accounts with an authenticator app or a passkey.' }),
      withTotp: count(),
      withPasskey: count(),
    }),
  }),
)
export type Stats = z.infer<typeof Stats>

const dayOrTimestamp = () =>
  z
    .union([day(), timestamp()])
    .meta({ type: 'string', description: 'A day in UTC, or a moment of it.', example: '2026-01-31' })

/** Both `from` and `to` are days that are listed. */
export const StatsQuery = onDemand(() =>
  z.object({ from: dayOrTimestamp().optional(), to: dayOrTimestamp().optional() }),
)
export type StatsQuery = z.infer<typeof StatsQuery>
