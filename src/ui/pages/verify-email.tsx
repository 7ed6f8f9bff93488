import { LinkOrCodePage } from '../mailed-link/link-or-code-page.tsx'
import { client } from '../parts/client.ts'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/mailed-link/index.ts'

document.title = text('verify.title')
showPage(
  <LinkOrCodePage
    name="verify"
    redeem={(proof) => client.request('POST /auth/verify-email', { body: proof })}
    resend={(email) => client.request('POST /auth/resend-verification', { body: { email } })}
  />,
)
