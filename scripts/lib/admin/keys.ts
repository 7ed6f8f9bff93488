import type { Command } from './command.ts'

/** What `keys list` prints of a key. */
interface SigningKey {
  kid: string
  state: 'next' | 'current' | 'former' | 'unusable'
  signsUntil: string
}

export const keyCommands: readonly Command[] = [
  {
    name: 'keys list',
    summary: 'List the keys that sign access tokens, or still verify them.',
    permission: 'keys:read',
    async run({ session, print }) {
      const response = await session.call('/signing-keys')
      const { items } = (await response.json()) as { items: SigningKey[] }
      for (const key of items) print(key, `${key.kid}  ${key.state}, signs until ${key.signsUntil}`)
      return 0
    },
  },
  {
    name: 'keys rotate',
    summary: 'Let the next key sign from now on. What the former one has signed stays valid.',
    permission: 'keys:rotate',
    async run({ session, print }) {
      await session.call('/signing-keys/rotation', { method: 'POST' })
      print({ rotated: 'signing key' }, 'The next key signs, in every isolate within five minutes.')
      return 0
    },
  },
]
