import { LinkOrCodePage } from '../mailed-link/link-or-code-page.tsx'
import { client } from '../parts/client.ts'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/mailed-link/index.ts'

document.title = text('change.title')
showPage(
  <LinkOrCodePage
    name="change"
    emailLabel={text('change.email')}
    redeem={(proof) => client.request('POST /auth/confirm-email-change', { body: proof })}
  />,
)
