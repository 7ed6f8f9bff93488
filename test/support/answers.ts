import { expect } from 'vitest'
import type { z } from 'zod'
import { Problem } from '../../src/contracts/common.ts'

/**
 * Reads the body of an answer and proves that it is exactly what its contract says: it fits the schema, and it holds no
 * member that the contract does not name.
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
 * Proves that an answer is a refusal with this status and `code`, in the form of RFC 9457, with the id of the request
 * in its body and in its header. Returns the problem.
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

export async function expectNoContent(response: Response): Promise<void> {
  const text = await response.text()
  expect({ status: response.status, text }).toEqual({ status: 204, text: '' })
}

/** Reads the `Set-Cookie` fields of an answer by name: the value of each, and its attributes in sorted order. */
export function cookiesOf(response: Response): Record<string, { value: string; attributes: string[] }> {
  return Object.fromEntries(
    response.headers.getSetCookie().map((field) => {
      const [pair = '', ...attributes] = field.split('; ')
      const at = pair.indexOf('=')
      return [pair.slice(0, at), { value: pair.slice(at + 1), attributes: attributes.sort() }]
    }),
  )
}

/** Builds the header that a browser would send back: it holds every cookie of an answer that was not cleared. */
export function cookieHeader(response: Response, names?: readonly string[]): string {
  return Object.entries(cookiesOf(response))
    .filter(([name, { value }]) => value !== '' && (names?.includes(name) ?? true))
    .map(([name, { value }]) => `${name}=${value}`)
    .join('; ')
}
