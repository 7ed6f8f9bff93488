import '../account/account.css'
import { Account } from '../account/account.tsx'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/account/index.ts'

document.title = text('title')
showPage(<Account />)
