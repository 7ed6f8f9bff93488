import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath, URL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { ImportLine } from '../../src/contracts/import.ts'

/** The tables that `@auth/d1-adapter` 1.11.3 (ISC) makes, without what the statement does not read. */
const AUTH_JS = `
  CREATE TABLE accounts (id text PRIMARY KEY, userId text NOT NULL, provider text NOT NULL,
    providerAccountId text NOT NULL);
  CREATE TABLE users (id text PRIMARY KEY, name text, email text, emailVerified datetime, password text);
  INSERT INTO users VALUES ('1', NULL, 'ada@example.com', '2019-01-02T03:04:05.678Z', '$2b$10$hash');
  INSERT INTO users VALUES ('2', ' ', 'bob@example.com', NULL, NULL);
  INSERT INTO users VALUES ('3', 'No address', NULL, NULL, NULL);
  INSERT INTO accounts VALUES ('a', '2', 'google', '1101694484742763'), ('b', '2', 'discord', '5');
  INSERT INTO accounts VALUES ('c', '2', 'google', '7')`

/** The columns of the tutorials of Lucia 3 (MIT). */
const LUCIA = `
  CREATE TABLE user (id TEXT PRIMARY KEY, email TEXT, email_verified INTEGER NOT NULL, username TEXT,
    password_hash TEXT, github_id INTEGER, totp_secret BLOB);
  INSERT INTO user VALUES ('1', 'ada@example.com', 1, 'ada', '$argon2id$hash', 583231, x'0102030405060708090A');
  INSERT INTO user VALUES ('2', 'bob@example.com', 0, 'with_sign', NULL, NULL, x'0102030405060708090A')`

/** The tables that better-auth 1.7.25 (MIT) makes, without what the statement does not read. */
const BETTER_AUTH = `
  CREATE TABLE user (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE,
    emailVerified integer NOT NULL, createdAt date NOT NULL, username text UNIQUE);
  CREATE TABLE account (id text PRIMARY KEY, accountId text NOT NULL, providerId text NOT NULL, userId text NOT NULL,
    password text, createdAt date NOT NULL);
  CREATE TABLE twoFactor (id text PRIMARY KEY, secret text NOT NULL, userId text NOT NULL, verified integer);
  INSERT INTO user VALUES ('1', 'Ada', 'ada@example.com', 1, '2019-01-02T03:04:05.678Z', 'ada');
  INSERT INTO user VALUES ('2', 'Bob', 'bob@example.com', 0, '2019-01-02T03:04:05.678Z', 'with_sign');
  INSERT INTO account VALUES ('a', '1', 'credential', '1', 'salt:hash', '2019-01-02T03:04:05.678Z');
  INSERT INTO account VALUES ('b', '110', 'google', '1', NULL, '2019-01-03T03:04:05.678Z');
  INSERT INTO account VALUES ('c', '111', 'google', '1', NULL, '2019-01-04T03:04:05.678Z');
  INSERT INTO account VALUES ('d', '5', 'discord', '2', NULL, '2019-01-04T03:04:05.678Z');
  INSERT INTO twoFactor VALUES ('e', 'sealed', '1', 1), ('f', 'sealed', '2', 1)`

/** Runs the statement that stands in a page, and reads the lines of people that it gives. */
function exportBy(page: string, tables: string): ImportLine[] {
  const text = readFileSync(fileURLToPath(new URL(`../../docs/migrate/${page}.md`, import.meta.url)), 'utf8')
  const statement = /```sql\n([\s\S]*?)```/.exec(text)?.[1] ?? ''
  const database = new DatabaseSync(':memory:')
  database.exec(tables)
  const rows = database.prepare(statement).all()
  database.close()
  return rows.map((row) => ImportLine.parse(JSON.parse(String(Object.values(row)[0]))))
}

describe('the statements of docs/migrate give lines that an import reads', () => {
  it('from Auth.js, with one identity of each configured provider and no account without an address', () => {
    expect(exportBy('authjs', AUTH_JS)).toMatchObject([
      { email: 'ada@example.com', emailVerified: true, name: null, passwordHash: '$2b$10$hash', identities: [] },
      {
        ...{ email: 'bob@example.com', emailVerified: false, name: null, passwordHash: null },
        identities: [{ provider: 'google', subject: '1101694484742763' }],
      },
    ])
  })

  it('from Lucia, without the app of a person whose address is not verified', () => {
    expect(exportBy('lucia', LUCIA)).toMatchObject([
      {
        ...{ email: 'ada@example.com', emailVerified: true, username: 'ada', passwordHash: '$argon2id$hash' },
        ...{ identities: [{ provider: 'github', subject: '583231' }], totpSecret: '0102030405060708090A' },
      },
      { email: 'bob@example.com', emailVerified: false, username: null, identities: [], totpSecret: null },
    ])
  })

  it('from better-auth, with the oldest identity of each provider', () => {
    expect(exportBy('better-auth', BETTER_AUTH)).toMatchObject([
      {
        ...{ email: 'ada@example.com', emailVerified: true, name: 'Ada', username: 'ada', passwordHash: 'salt:hash' },
        ...{ createdAt: '2019-01-02T03:04:05.678Z', identities: [{ provider: 'google', subject: '110' }] },
        totpSecret: 'sealed',
      },
      {
        ...{ email: 'bob@example.com', emailVerified: false, username: null, passwordHash: null },
        ...{ identities: [], totpSecret: null },
      },
    ])
  })
})
