import { LinkOrCodePage } from '../mailed-link/link-or-code-page.tsx'
import { client } from '../parts/client.ts'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/mailed-link/index.ts'

document.title = text('reset.title')
showPage(
  <LinkOrCodePage
    name="reset"
    asksPassword
    redeem={(proof, password) => client.request('POST /auth/reset-password', { body: { ...proof, password } })}
    resend={(email) => client.request('POST /auth/forgot-password', { body: { email } })}
  />,
)
