import { PosternError } from 'postern/client'
import type { SubmitEvent } from 'react'

export const readField = (data: FormData, name: string) => String(data.get(name) ?? '')

/** Sends what was typed, and leaves it in the form: an `action` would empty it, also after a refusal. */
export const sendBy = (send: (data: FormData) => unknown) => (event: SubmitEvent<HTMLFormElement>) => {
  event.preventDefault()
  send(new FormData(event.currentTarget))
}

/** What to tell the person. A bug of this app stays one. */
export function messageOf(error: unknown): string {
  if (!(error instanceof PosternError)) throw error
  if (error.code === 'offline') return 'There is no connection. Try again.'
  return error.message
}
