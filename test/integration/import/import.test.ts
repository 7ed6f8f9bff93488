import { beforeAll, describe, expect, it } from 'vitest'
import { IMPORT_CHUNK_LINES, IMPORT_LINE_MAX_BYTES, IMPORT_MAX_EFFORT } from '../../../src/config.ts'
import { hashPassword } from '../../../src/crypto/password-hash/own-hash.ts'
import { administrator, canLogIn, verified } from '../../support/accounts.ts'
import { expectRefusal } from '../../support/answers.ts'
import { newEmail, PASSWORD } from '../../support/client.ts'
import { countRows, rows } from '../../support/database.ts'
import { allImported, importLines, sendImport, toLines } from '../../support/imports.ts'
import { accountState } from '../../support/stored-state.ts'

let admin: Awaited<ReturnType<typeof administrator>>
beforeAll(async () => {
  admin = await administrator()
})

const found = async (email: string) => (await rows('select * from users where email = ?', email))[0]
const newPeople = (count: number) => Array.from({ length: count }, () => ({ email: newEmail() }))
/** The number of accounts, which an import that changes nothing leaves. */
const countUsers = () => countRows('users', 'true')

describe('POST /users/import', () => {
  it('makes an account that signs in with the password it had', async () => {
    const email = newEmail()
    const line = { email: ` ${email.toUpperCase()} `, emailVerified: true, passwordHash: hashPassword(PASSWORD) }
    const profile = { username: 'Imported1', name: 'Ada Lovelace', createdAt: '2019-05-04T12:00:00+02:00' }
    expect(await importLines(admin, [{ ...line, ...profile }])).toEqual(allImported(1))
    const account = await found(email)
    const createdAt = Date.parse('2019-05-04T10:00:00Z')
    expect(account).toMatchObject({ username: 'Imported1', name: 'Ada Lovelace', name_folded: 'ada lovelace' })
    expect(account).toMatchObject({ created_at: createdAt, password_changed_at: createdAt, access_proven_at: null })
    expect(await rows('select role from user_roles where user_id = ?', account?.id)).toEqual([{ role: 'user' }])
    expect(await canLogIn(email, 'another password')).toBe(false)
    expect(await canLogIn('imported1', PASSWORD)).toBe(true)
    expect(await canLogIn(email, PASSWORD)).toBe(true)
  })

  it('takes members that are null as left out, blank lines, line ends of Windows and a last line without an end', async () => {
    const [one, other] = [newEmail(), newEmail()]
    const nulls = { passwordHash: null, emailVerified: null, username: null, name: null, roles: null, createdAt: null }
    const line = JSON.stringify({ email: one, ...nulls, identities: null, totpSecret: null, passkeys: null })
    const response = await sendImport(admin, `${line}\r\n\r\n  \n${JSON.stringify({ email: other })}`)
    expect(await response.json()).toEqual(allImported(2))
    expect(await found(one)).toMatchObject({ password_hash: null, password_changed_at: null, email_verified_at: null })
  })

  it('skips an address that has an account and leaves that as it is, so the same lines may be sent again', async () => {
    const { email } = await verified()
    const before = await found(email)
    const fresh = newEmail()
    const lines = [
      { email, passwordHash: hashPassword('stolen'), emailVerified: true, roles: ['admin'] },
      { email: fresh },
    ]
    expect(await importLines(admin, lines)).toEqual({ ...allImported(1), skipped: 1 })
    expect(await importLines(admin, lines)).toEqual({ ...allImported(0), skipped: 2 })
    expect(await found(email)).toEqual(before)
    expect(await countRows('user_roles', "role = 'admin' and user_id = ?", before?.id)).toBe(0)
  })

  it('makes one account of an address where two imports bring it at once', async () => {
    const people = newPeople(20)
    const reports = await Promise.all([importLines(admin, people), importLines(admin, people)])
    expect(reports.map(({ imported, skipped }) => imported + skipped)).toEqual([20, 20])
    expect(reports.reduce((sum, { imported }) => sum + imported, 0)).toBe(20)
  })

  it('reports each bad line by its number and code, and imports the others', async () => {
    const good = newPeople(3)
    const report = await importLines(admin, [
      good[0],
      '{"email": "cut',
      '[]',
      good[1],
      '{"email":"a@example.com","email":"b@example.com"}',
      { email: 'nobody' },
      { email: newEmail(), isAdmin: true },
      { email: newEmail(), passwordHash: 'secret' },
      { email: newEmail(), passwordHash: '$1$abc$def' },
      { email: newEmail(), username: 'a b' },
      { email: newEmail(), name: '' },
      { email: newEmail(), roles: 'admin' },
      { email: newEmail(), createdAt: 'yesterday' },
      { email: newEmail(), createdAt: '9999-01-01T00:00:00Z' },
      { email: newEmail(), emailVerified: 'yes' },
      { email: newEmail(), name: 'a'.repeat(IMPORT_LINE_MAX_BYTES) },
      good[2],
    ])
    expect(report).toMatchObject({ imported: 3, skipped: 0, nextLine: null })
    expect(report.errors.map(({ line, code }) => `${line} ${code}`)).toEqual([
      '2 invalid_json',
      '3 invalid_json',
      '5 invalid_json',
      '6 invalid_email',
      '7 unknown_field',
      '8 invalid_hash',
      '9 unsupported_hash',
      '10 invalid_username',
      '11 invalid_name',
      '12 invalid_roles',
      '13 invalid_created_at',
      '14 invalid_created_at',
      '15 invalid_email_verified',
      '16 line_too_long',
    ])
  })

  it('reports what another account has already, and what stands twice in the lines', async () => {
    await verified({ username: 'Taken1' })
    const [first, second] = newPeople(2)
    const report = await importLines(admin, [
      { email: newEmail(), username: 'tAKEN1' },
      { ...first, username: 'twice1', emailVerified: true },
      { ...second, username: 'TWICE1' },
      first,
    ])
    expect(report).toEqual({
      imported: 1,
      skipped: 1,
      errors: [
        { line: 1, code: 'username_taken' },
        { line: 3, code: 'username_taken' },
      ],
      nextLine: null,
    })
  })

  it('changes nothing with dryRun=true, and says what would be imported', async () => {
    const people = newPeople(IMPORT_CHUNK_LINES + 2)
    const { email } = await verified()
    const lines = [...people, { email }, { email: 'nobody' }, people[0]]
    const before = [await countUsers(), await accountState()]
    const expected = {
      imported: people.length,
      skipped: 2,
      errors: [{ line: people.length + 2, code: 'invalid_email' }],
    }
    expect(await importLines(admin, lines, { query: '?dryRun=true' })).toEqual({ ...expected, nextLine: null })
    expect([await countUsers(), await accountState()]).toEqual(before)
    expect(await importLines(admin, lines)).toEqual({ ...expected, nextLine: null })
  })

  it('takes lines that come in any pieces, and characters that are cut between them', async () => {
    const email = newEmail()
    const bytes = new TextEncoder().encode(toLines([{ email, name: 'Zoë Ångström' }, { email: newEmail() }]))
    const stream = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    })
    expect(await (await sendImport(admin, stream)).json()).toEqual(allImported(2))
    expect(await found(email)).toMatchObject({ name: 'Zoë Ångström' })
  })

  it('says with which line the next request begins once it has had enough', async () => {
    const blank = '\n'.repeat(IMPORT_MAX_EFFORT - 1)
    const [one, other] = newPeople(2)
    const report = await (await sendImport(admin, `${blank}${toLines([one, other])}`)).json()
    expect(report).toEqual({ ...allImported(1), nextLine: IMPORT_MAX_EFFORT + 1 })
  })

  it('answers an empty body with an empty report', async () => {
    expect(await (await sendImport(admin, '')).json()).toEqual(allImported(0))
  })

  it.each(['application/json', 'text/plain', 'application/x-ndjson; charset=utf-16'])(
    'refuses a body of the type %s',
    async (type) => {
      await expectRefusal(await sendImport(admin, toLines(newPeople(1)), { type }), 415, 'unsupported_media_type')
    },
  )
})
