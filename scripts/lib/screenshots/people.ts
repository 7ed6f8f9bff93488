/** Somebody in the pictures. */
export interface Person {
  name: string
  /** How many days before the moment of the pictures the account was made, and its owner was last seen. */
  madeDaysAgo: number
  seenDaysAgo: number | null
  roles?: readonly string[]
  isUnconfirmed?: true
  isDeactivated?: true
  hasApp?: true
  passkeys?: number
}

/** These accounts are made by the service itself, because somebody signs in with them. */
export const ADMIN = { email: 'admin@example.com', name: 'Margaret Hamilton' } as const
export const OWNER = { email: 'ada@example.com', name: 'Ada Lovelace' } as const
/** Her account asks for a second step, and she has signed in long ago. */
export const CAREFUL = { email: 'grace@example.com', name: 'Grace Hopper' } as const
/** He reads German, and has not confirmed his address. */
export const NEWCOMER = { email: 'konrad@example.com', name: 'Konrad Zuse' } as const
export const PASSWORD = 'four unrelated words here'

/** Everybody else, the newest first. */
export const CROWD: readonly Person[] = [
  { name: 'Radia Perlman', madeDaysAgo: 1, seenDaysAgo: 0, passkeys: 1 },
  { name: 'Edsger Dijkstra', madeDaysAgo: 1, seenDaysAgo: null, isUnconfirmed: true },
  { name: 'Barbara Liskov', madeDaysAgo: 2, seenDaysAgo: 0, hasApp: true, roles: ['support'] },
  { name: 'Dennis Ritchie', madeDaysAgo: 4, seenDaysAgo: 1 },
  { name: 'Frances Allen', madeDaysAgo: 6, seenDaysAgo: 3, hasApp: true, passkeys: 2 },
  { name: 'Alan Turing', madeDaysAgo: 9, seenDaysAgo: 8, isDeactivated: true },
  { name: 'Karen Spärck Jones', madeDaysAgo: 11, seenDaysAgo: 0, passkeys: 1, roles: ['auditor'] },
  { name: 'Donald Knuth', madeDaysAgo: 14, seenDaysAgo: 2 },
  { name: 'Hedy Lamarr', madeDaysAgo: 17, seenDaysAgo: 5, passkeys: 1 },
  { name: 'Tim Berners-Lee', madeDaysAgo: 21, seenDaysAgo: 12 },
  { name: 'Katherine Johnson', madeDaysAgo: 24, seenDaysAgo: 1, hasApp: true },
  { name: 'Niklaus Wirth', madeDaysAgo: 30, seenDaysAgo: 29 },
  { name: 'Shafi Goldwasser', madeDaysAgo: 33, seenDaysAgo: 0, hasApp: true, passkeys: 1 },
  { name: 'John McCarthy', madeDaysAgo: 38, seenDaysAgo: 20 },
]

/** An id that is the same in every run. */
export const fixedId = (number: number): string => `01981f3c-7a00-7000-8000-${String(number).padStart(12, '0')}`

/** An address such as `barbara.liskov@example.com`. */
export const addressOf = (name: string): string =>
  `${name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z]+/g, '.')}@example.com`
