import { expect } from 'vitest'
import type { z } from 'zod'
import { Problem } from '../../src/contracts/common.ts'

/**
 * The body of an answer that is exactly what its contract says: it fits, and it holds no member the contract does not
 * name.
 */
export async function answerOf<Schema extends z.ZodType>(
  response: Response,
  schema: Schema,
  status = 200,
): Promise<z.infer<Schema>> {
  const answer: unknown = await response.json()
  expect(response.status, JSON.stringify(answer)).toBe(status)
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
  const parsed = schema.parse(answer)
  expect(answer).toEqual(parsed)
  return parsed
}

/**
 * Proves a refusal: status, `code`, the form of RFC 9457, and the request's id in body and header. Gives the problem.
 */
export async function expectRefusal(response: Response, status: number, code: string) {
  const problem = (await response.json()) as Record<string, unknown>
  expect({ status: response.status, code: problem.code }).toEqual({ status, code })
  expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  expect(Problem.safeParse(problem).error).toBeUndefined()
  expect(problem.status).toBe(status)
  expect(problem.requestId).toBe(response.headers.get('X-Request-Id'))
  return problem as z.infer<typeof Problem> & Record<string, unknown>
}

/** A success without a body. */
export async function expectNoContent(response: Response): Promise<void> {
  const text = await response.text()
  expect({ status: response.status, text }).toEqual({ status: 204, text: '' })
}

/** The `Set-Cookie` fields of an answer by name: the value, and the attributes sorted. */
export function cookiesOf(response: Response): Record<string, { value: string; attributes: string[] }> {
  return Object.fromEntries(
    response.headers.getSetCookie().map((field) => {
      const [pair = '', ...attributes] = field.split('; ')
      const at = pair.indexOf('=')
      return [pair.slice(0, at), { value: pair.slice(at + 1), attributes: attributes.sort() }]
    }),
  )
}

/** What a browser would send back: every cookie of an answer that was not cleared. */
export function cookieHeader(response: Response, names?: readonly string[]): string {
  return Object.entries(cookiesOf(response))
    .filter(([name, { value }]) => value !== '' && (names?.includes(name) ?? true))
    .map(([name, { value }]) => `${name}=${value}`)
    .join('; ')
}
