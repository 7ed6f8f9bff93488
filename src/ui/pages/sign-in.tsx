import { showPage } from '../parts/page.ts'
import { SignIn } from '../sign-in/sign-in.tsx'
import { text } from '../texts/sign-in/index.ts'

document.title = text('title')
showPage(<SignIn />)
