import { describe, expect, it } from 'vitest'
import securityPage from '../../docs/security.md?raw'
import { signedIn, verified } from '../support/accounts.ts'
import { bearer, send } from '../support/client.ts'
import { rows } from '../support/database.ts'
import { listOperations, type Operation, samplesOf } from '../support/openapi.ts'
import { giveFactors, letLoginGrowOld, openSessionOf, requireFactorOf } from '../support/second-factors.ts'

/** What a route asks for beside a session, as docs/security.md and the route itself say. */
interface Requirement {
  recentLogin: boolean
  recentFactor: boolean
  isOpenToEnrolment: boolean
}

const guarded = listOperations().filter(({ security }) => security.includes('bearer'))
const nameOf = ({ method, path }: Operation) => `${method} ${path}`

/** Sends a right request with this token, and answers the code of its refusal, if it is refused. */
async function codeOf({ method, path, body }: Operation, accessToken: string): Promise<string | null> {
  const [sample] = body?.mediaTypes.includes('application/json') ? samplesOf(body.schema) : []
  const place = path.replaceAll(/\{\w+\}/g, 'none')
  const response = await send(method, place, {
    headers: bearer(accessToken),
    ...(sample === undefined ? {} : { body: sample }),
  })
  if (response.ok) return null
  return ((await response.json()) as { code: string }).code
}

/** Gives every permission, so that no route refuses for want of one. */
const makeAdmin = (id: string) => rows("insert into user_roles (user_id, role) values (?, 'admin')", id)

/** Signs in without a factor more than ten minutes ago. */
async function longAgo(): Promise<string> {
  const { id, tokens, session } = await signedIn()
  await makeAdmin(id)
  await letLoginGrowOld(session.id)
  return tokens.accessToken
}

/** Signs in just now, without the factor that the account has. */
async function withoutFactor(): Promise<string> {
  const account = await verified()
  await makeAdmin(account.id)
  const { tokens } = await openSessionOf(account, ['pwd'])
  await giveFactors(account.id)
  return tokens.accessToken
}

/** Signs in just now, without a factor, where a role requires one. */
async function mustEnrol(): Promise<string> {
  const account = await verified()
  await requireFactorOf(account.id)
  return (await openSessionOf(account, ['pwd'])).tokens.accessToken
}

/** Reads the table of docs/security.md, "What a route asks for". */
function readTable(): Map<string, Requirement> {
  const section = securityPage.split('## What a route asks for')[1]?.split('\n## ')[0] ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('| `'))
  return new Map(
    lines.map((line) => {
      const [, route = '', login = '', factor = '', enrolment = ''] = line.split('|').map((cell) => cell.trim())
      const requirement = {
        recentLogin: login.startsWith('yes'),
        recentFactor: factor.startsWith('yes'),
        isOpenToEnrolment: enrolment.startsWith('yes'),
      }
      return [route.replaceAll('`', ''), requirement] as const
    }),
  )
}

describe('what each route asks for beside a session (ASVS 7.5.1)', () => {
  const documented = readTable()

  it.each(guarded.map((operation) => [nameOf(operation), operation] as const))(
    '%s asks for what docs/security.md says',
    async (name, operation) => {
      const found: Requirement = {
        recentLogin: (await codeOf(operation, await longAgo())) === 'step_up_required',
        recentFactor: (await codeOf(operation, await withoutFactor())) === 'step_up_required',
        isOpenToEnrolment: (await codeOf(operation, await mustEnrol())) !== 'enrolment_required',
      }
      const nothing = { recentLogin: false, recentFactor: false, isOpenToEnrolment: false }
      expect(found).toEqual(documented.get(name) ?? nothing)
    },
  )

  it('names no route that is not there', () => {
    const names = guarded.map(nameOf)
    expect([...documented.keys()].filter((name) => !names.includes(name))).toEqual([])
  })

  it('never asks for the login without the factor: whoever must have signed in recently must have shown it', () => {
    for (const [name, { recentLogin, recentFactor }] of documented)
      expect({ name, isSafe: recentFactor || !recentLogin }).toEqual({ name, isSafe: true })
  })
})
