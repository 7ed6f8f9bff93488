import { runTokenPage } from '../shared/token-page.ts'

runTokenPage({ action: '/auth/confirm-email-change', resend: null })
