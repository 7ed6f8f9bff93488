import { runTokenPage } from '../shared/token-page.ts'

runTokenPage({ action: '/auth/reset-password', resend: '/auth/forgot-password' })
