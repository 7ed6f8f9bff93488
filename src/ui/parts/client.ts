import { type ClientOptions, createClient } from '../../client/index.ts'

type StepUp = NonNullable<ClientOptions['onStepUp']>
let askToStepUp: StepUp = async () => false

/** The session of whoever looks at the page. Its tokens are cookies, which no script can read. */
export const client = createClient({ onStepUp: (needed) => askToStepUp(needed) })

/** Asks the person as the client does, for a request that it did not send. It answers whether that is done. */
export const askForStepUp: StepUp = (needed) => askToStepUp(needed)

/** Sets what asks the person to prove once more who they are. The dialog of a page does that while it is mounted. */
export function answerStepUp(ask: StepUp): void {
  askToStepUp = ask
}
