import { type Call, type Command, type Options, text, type Values } from './command.ts'
import { Failure } from './failure.ts'
import type { Session } from './session.ts'

/** A user, as far as the commands use one. */
interface User {
  id: string
  email: string
  status: 'active' | 'deactivated'
  roles: string[]
  lastSeenAt: string | null
}

interface Page {
  items: User[]
  nextCursor: string | null
}

const PAGE_SIZE = '100'
/** The API searches by at most this many characters. */
const SEARCHED_LENGTH = 100

const FILTERS = {
  role: '<role>',
  status: 'active | deactivated',
  verified: 'true | false',
  factor: 'totp | passkey | none',
  provider: '<provider>',
  'created-from': 'the first moment of the listed time, such as <YYYY-MM-DD>T00:00:00Z',
  'created-to': 'the first moment after the listed time',
  'last-seen-from': 'as --created-from, of when the user was last seen',
  'last-seen-to': 'as --created-to, of when the user was last seen',
}
const filterOptions: Options = Object.fromEntries(Object.keys(FILTERS).map((name) => [name, { type: 'string' }]))

const toMember = (option: string) => option.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
const toQuery = (values: Values) =>
  Object.fromEntries(Object.keys(FILTERS).map((name) => [toMember(name), text(values, name)]))

/** Reads users page by page, so that a list of any length can be printed. */
async function* readUsers(session: Session, query: Readonly<Record<string, string | undefined>>) {
  let cursor: string | undefined
  do {
    const response = await session.call('/users', { query: { ...query, cursor, limit: PAGE_SIZE } })
    const { items, nextCursor } = (await response.json()) as Page
    yield* items
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
}

/** Finds a user by address or id. */
async function findUser(session: Session, named: string): Promise<User> {
  if (!named.includes('@')) return (await (await session.call(userPath(named))).json()) as User
  for await (const user of readUsers(session, { q: named.slice(0, SEARCHED_LENGTH) }))
    if (user.email.toLowerCase() === named.toLowerCase()) return user
  throw new Failure(`No account has the address ${named}. Look for it with "npm run admin -- users find <text>".`)
}

const userPath = (id: string, part = '') => `/users/${encodeURIComponent(id)}${part}`

const describeUser = ({ id, email, status, roles, lastSeenAt }: User) =>
  [id, email, status, roles.join(',') || '-', lastSeenAt ?? 'never'].join('  ')

async function printUsers({ session, print }: Call, query: Readonly<Record<string, string | undefined>>) {
  for await (const user of readUsers(session, query)) print(user, describeUser(user))
}

/** Changes the roles of a user, unless they are as asked for already. */
async function changeRoles({ session, words, print }: Call, change: (roles: string[], role: string) => string[]) {
  const [named = '', role = ''] = words
  const user = await findUser(session, named)
  const roles = change(user.roles, role)
  if (roles.length !== user.roles.length)
    await session.call(userPath(user.id, '/roles'), { method: 'PUT', body: { roles } })
  print({ ...user, roles }, `${user.email} has the roles: ${roles.join(', ') || 'none'}`)
}

async function changeStatus({ session, words: [named = ''], print }: Call, status: User['status']) {
  const { id } = await findUser(session, named)
  const response = await session.call(userPath(id), { method: 'PATCH', body: { status } })
  const user = (await response.json()) as User
  print(user, `${user.email} is ${user.status}.`)
}

async function deleteUser({ session, words: [named = ''], values, print }: Call) {
  const user = await findUser(session, named)
  if (!values.yes) throw new Failure(`This deletes the account of ${user.email} for good. To do it, add --yes.`)
  await session.call(userPath(user.id), { method: 'DELETE' })
  print({ deleted: user.id }, `The account of ${user.email} is deleted.`)
}

export const userCommands: readonly Command[] = [
  {
    name: 'users list',
    summary: 'List users: id, address, status, roles and when each was last seen.',
    options: filterOptions,
    explains: FILTERS,
    permission: 'users:read',
    run: async (call) => void (await printUsers(call, toQuery(call.values))),
  },
  {
    name: 'users find',
    summary: 'Find users whose address, username or name begins with a text.',
    takes: ['text'],
    options: filterOptions,
    explains: FILTERS,
    permission: 'users:read',
    run: async (call) => void (await printUsers(call, { ...toQuery(call.values), q: call.words[0] })),
  },
  {
    name: 'users show',
    summary: 'Show one user.',
    takes: ['id or email'],
    permission: 'users:read',
    async run({ session, words: [named = ''], print }) {
      const user = await findUser(session, named)
      print(user, JSON.stringify(user, null, 2))
      return undefined
    },
  },
  {
    name: 'users delete',
    summary: 'Delete an account, with all that belongs to it, for good. Its owner is told by mail.',
    takes: ['id or email'],
    options: { yes: { type: 'boolean' } },
    explains: { yes: 'do it; without this, say only what it would delete' },
    permission: 'users:read and users:delete',
    run: async (call) => void (await deleteUser(call)),
  },
  {
    name: 'grant',
    summary: 'Give a user a role.',
    takes: ['email', 'role'],
    permission: 'users:read and roles:assign',
    run: async (call) => void (await changeRoles(call, (roles, role) => [...new Set([...roles, role])])),
  },
  {
    name: 'revoke',
    summary: 'Take a role from a user.',
    takes: ['email', 'role'],
    permission: 'users:read and roles:assign',
    run: async (call) => void (await changeRoles(call, (roles, role) => roles.filter((name) => name !== role))),
  },
  {
    name: 'deactivate',
    summary: 'Deactivate an account: its sessions end, and nobody can sign in to it.',
    takes: ['email'],
    permission: 'users:read and users:write',
    run: async (call) => void (await changeStatus(call, 'deactivated')),
  },
  {
    name: 'reactivate',
    summary: 'Let the owner of a deactivated account sign in again.',
    takes: ['email'],
    permission: 'users:read and users:write',
    run: async (call) => void (await changeStatus(call, 'active')),
  },
]
