import { showPage } from '../parts/page.ts'
import { ForgotPassword } from '../sign-in/forgot-password.tsx'
import { text } from '../texts/sign-in/index.ts'

document.title = text('forgot.title')
showPage(<ForgotPassword />)
