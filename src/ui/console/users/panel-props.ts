import type { Answer } from '../../../client/index.ts'

export type User = Answer<'GET /users/{id}'>

/** What each panel of a user gets. */
export interface PanelProps {
  user: User
  /** Takes the user as the service says it is now. */
  onChange(user: User): void
}
