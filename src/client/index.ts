/** The client of Postern for pages and apps (docs/client.md). */
export type * from './api-types.ts'
export {
  type Client,
  type ClientOptions,
  createClient,
  type StepUpNeeded,
} from './client.ts'
export type { TokenStorage } from './grant.ts'
export {
  canSuggestPasskeys,
  registerPasskey,
  signInWithPasskey,
  stepUpWithPasskey,
  suggestPasskeys,
} from './passkeys.ts'
export { PosternError, type ProblemCode, type StepUpMethod } from './problem.ts'
export { finishProviderSignIn, linkProvider, type SystemBrowser, signInWithProvider } from './providers.ts'
export type { Answer, Input, Route } from './send.ts'
export type { Session } from './session.ts'
