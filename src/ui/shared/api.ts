/** The API's answer when it refuses: RFC 9457, as far as a page uses it. */
export interface Problem {
  code: string
  errors: readonly { path: string; message: string }[]
  retryAfterSeconds: number
}

const OFFLINE: Problem = { code: 'offline', errors: [], retryAfterSeconds: 0 }

/**
 * Sends JSON to the API of this origin. It resolves to null, or to the problem that says what was refused and why. It
 * sends no cookies, because these calls need no session.
 */
export async function post(path: string, body: Readonly<Record<string, string>>): Promise<Problem | null> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      credentials: 'omit',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
    })
    return response.ok ? null : await readProblem(response)
  } catch {
    return OFFLINE
  }
}

async function readProblem(response: Response): Promise<Problem> {
  const problem: Partial<Problem> = await response.json().catch(() => ({}))
  return {
    code: problem.code ?? (response.status >= 500 ? 'dependency_unavailable' : 'unknown'),
    errors: problem.errors ?? [],
    retryAfterSeconds: Number(response.headers.get('Retry-After')) || 60,
  }
}
