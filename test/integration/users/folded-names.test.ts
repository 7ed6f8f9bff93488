import { afterAll, describe, expect, it } from 'vitest'
import { administrator, registered, signedIn, verified } from '../../support/accounts.ts'
import { bearer, newEmail, send } from '../../support/client.ts'
import { mailsSettled, rows } from '../../support/database.ts'
import { newSubject, oauthEnv, signInWithGoogle, stubProviders } from '../../support/providers.ts'

const providers = stubProviders()
const service = oauthEnv()
afterAll(mailsSettled)

const gmail = () => newEmail().replace(/@.*/, '@gmail.com')
const signInAs = async (email: string, name: string) =>
  await signInWithGoogle(providers, service, { sub: newSubject(), email, email_verified: true, name })

/** Each of these ways writes a name. They answer the address of the account. */
const WAYS: Record<string, (name: string) => Promise<string>> = {
  'a sign-up': async (name) => (await registered({ name })).email,
  'a sign-up by a provider': async (name) => {
    const email = gmail()
    await signInAs(email, name)
    return email
  },
  'a claim of an account by a provider': async (name) => {
    const { email } = await registered({ email: gmail() })
    await signInAs(email, name)
    return email
  },
  'a change of the profile': async (name) => {
    const { email, tokens } = await signedIn({ name: 'Before' })
    await send('PATCH', '/auth/me', { headers: bearer(tokens.accessToken), body: { name } })
    return email
  },
  'a change by an administrator': async (name) => {
    const { id, email } = await verified({ name: 'Before' })
    await (await administrator()).send('PATCH', `/users/${id}`, { name })
    return email
  },
}

describe('a name is stored beside the form in which it is searched for', () => {
  it.each(Object.entries(WAYS))('by %s', async (_, write) => {
    const email = await write('Ève MÜLLER')
    const stored = await rows('select name, name_folded from users where email = ?', email)
    expect(stored).toEqual([{ name: 'Ève MÜLLER', name_folded: 'eve muller' }])
  })

  it('so none is stored without it', async () => {
    expect(await rows('select id from users where (name is null) <> (name_folded is null)')).toEqual([])
  })
})
