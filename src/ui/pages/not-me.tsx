import { LinkPage } from '../mailed-link/link-page.tsx'
import { client } from '../parts/client.ts'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/mailed-link/index.ts'

document.title = text('notMe.title')
showPage(
  <LinkPage name="notMe" redeem={({ token }) => client.request('POST /auth/not-me', { body: { token } })}>
    <p class="lead">{text('notMe.hint')}</p>
  </LinkPage>,
)
