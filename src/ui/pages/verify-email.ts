import { runTokenPage } from '../shared/token-page.ts'

runTokenPage({ action: '/auth/verify-email', resend: '/auth/resend-verification' })
