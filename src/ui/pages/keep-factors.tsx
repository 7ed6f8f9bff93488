import { LinkPage } from '../mailed-link/link-page.tsx'
import { client } from '../parts/client.ts'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/mailed-link/index.ts'

document.title = text('keep.title')
showPage(
  <LinkPage name="keep" redeem={({ token }) => client.request('POST /auth/keep-factors', { body: { token } })} />,
)
