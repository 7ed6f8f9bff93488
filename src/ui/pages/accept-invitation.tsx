import { LinkPage } from '../mailed-link/link-page.tsx'
import { client } from '../parts/client.ts'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/mailed-link/index.ts'

document.title = text('invited.title')
showPage(
  <LinkPage name="invited" asksPassword redeem={(body) => client.request('POST /auth/accept-invitation', { body })} />,
)
