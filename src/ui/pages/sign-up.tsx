import { showPage } from '../parts/page.ts'
import { SignUp } from '../sign-in/sign-up.tsx'
import { text } from '../texts/sign-in/index.ts'

document.title = text('signUp.title')
showPage(<SignUp />)
