import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '../wrangler.ts'
import { auditCommands } from './audit.ts'
import type { Command } from './command.ts'
import { createAdminCommand } from './create-admin.ts'
import { keyCommands } from './keys.ts'
import { userCommands } from './users.ts'

const sessionCommands: readonly Command[] = [
  {
    name: 'login',
    summary: 'Sign in. It asks for the address, the password and a code, or reads each as a line of standard input.',
    async run({ session, print }) {
      const email = await session.logIn()
      print({ email, origin: session.origin }, `${email} is signed in at ${session.origin}.`)
      return undefined
    },
  },
  {
    name: 'logout',
    summary: 'End the session of these commands.',
    async run({ session, print }) {
      await session.logOut()
      print({ origin: session.origin }, `Nobody is signed in at ${session.origin} by these commands.`)
      return undefined
    },
  },
]

const machineCommands: readonly Command[] = [
  {
    name: 'rotate',
    summary: 'End at once what a leaked secret could be used for: signing-keys or auth-secret (docs/leaks.md).',
    takes: ['signing-keys or auth-secret'],
    options: { yes: { type: 'boolean' } },
    explains: { yes: 'do it; without this, say only what it would end' },
    async run({ words: [what = ''], values, isRemote, print }) {
      const script = join(projectRoot, 'scripts/rotate.ts')
      const args = [script, what, isRemote ? '--remote' : '--local', ...(values.yes ? ['--yes'] : [])]
      // What the script prints is for people, so it does not mix with the JSON.
      const { status } = spawnSync(process.execPath, args, { stdio: ['inherit', 2, 'inherit'] })
      if (status === 0) print({ rotated: what }, `${what} is rotated.`)
      return status ?? 1
    },
  },
  {
    name: 'doctor',
    summary: 'Name every variable that would stop the Worker. The exit code is 1 where there is one.',
    async run({ isRemote, print }) {
      const environment = isRemote ? 'production' : 'development'
      const { checkEnvironment } = await import('../variables.ts')
      const problems = await checkEnvironment(environment)
      const lines = problems.map(({ variable, rule }) => `  ${variable}: ${rule}`)
      print(
        { environment, problems },
        problems.length === 0
          ? `Every variable of ${environment} is in order.`
          : [`With these variables of ${environment} the Worker would refuse to serve. Correct each:`, ...lines].join(
              '\n',
            ),
      )
      return problems.length === 0 ? 0 : 1
    },
  },
]

export const COMMANDS: readonly Command[] = [
  createAdminCommand,
  ...sessionCommands,
  ...userCommands,
  ...auditCommands,
  ...keyCommands,
  ...machineCommands,
]
