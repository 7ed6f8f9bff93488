import type { Problem, RefusalCode, StepUpRequest } from './api-types.ts'

/**
 * Why a request failed. `offline` says that no answer came; `unexpected_answer` that it was not one of the service, as
 * a proxy's page is not. `cancelled` says that a person closed a dialog of the browser.
 */
export type ProblemCode = RefusalCode | 'offline' | 'unexpected_answer' | 'cancelled'

export type StepUpMethod = StepUpRequest['method']

/** What a refusal says beside its code, where it says it. */
type Members = Partial<Problem> & { maxAgeSeconds?: number; methods?: StepUpMethod[]; unknownCredential?: boolean }

/** Every failure of the client. Decide by `code`, which never changes its meaning; `message` is for people. */
export class PosternError extends Error {
  override readonly name = 'PosternError'
  readonly code: ProblemCode
  /** The status of the answer, or 0 where none came. */
  readonly status: number
  /** Which fields of the body are wrong, and how. */
  readonly errors: readonly { path: string; message: string }[]
  /** How long to wait before another try, where the service says so. */
  readonly retryAfterSeconds: number | null
  /** The service's log has the request under this id. */
  readonly requestId: string | null
  readonly members: Members

  constructor(code: ProblemCode, { cause, response, members = {} }: Sources = {}) {
    super(members.detail ?? members.title ?? code, { cause })
    this.code = code
    this.status = response?.status ?? 0
    this.errors = members.errors ?? []
    this.retryAfterSeconds = Number(response?.headers.get('Retry-After')) || null
    this.requestId = members.requestId ?? null
    this.members = members
  }
}

interface Sources {
  cause?: unknown
  response?: Response
  members?: Members
}

/** Reads the problem document of a refusal (RFC 9457). */
export async function readProblem(response: Response): Promise<PosternError> {
  const members: Members = await response.json().catch(() => ({}))
  return new PosternError((members?.code as RefusalCode | undefined) ?? 'unexpected_answer', {
    response,
    members: members ?? {},
  })
}
