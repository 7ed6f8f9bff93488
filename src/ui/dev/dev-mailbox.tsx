import './dev-mailbox.css'
import { showPage } from '../parts/page.ts'
import { Mailbox } from './mailbox/mailbox.tsx'

showPage(<Mailbox />)
