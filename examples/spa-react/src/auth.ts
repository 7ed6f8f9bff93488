import { createClient, type StepUpNeeded } from 'postern/client'

type AskForPassword = (needed: StepUpNeeded) => Promise<string | null>

let askForPassword: AskForPassword = async () => null

/** The dialog of the app sets here how it asks. */
export const setStepUpDialog = (ask: AskForPassword) => {
  askForPassword = ask
}

export const auth = createClient({
  baseUrl: import.meta.env.VITE_AUTH_URL ?? 'http://localhost:8787',
  async onStepUp(needed) {
    const password = await askForPassword(needed)
    if (password === null) return false
    await auth.stepUp({ method: 'password', password })
    return true
  },
})
