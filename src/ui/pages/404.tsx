import { followBrokenLink } from '../mailed-link/link-token.ts'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/start/index.ts'

followBrokenLink()
document.title = text('missing.title')
showPage(
  <>
    <h1>{text('missing.title')}</h1>
    <p class="lead">{text('missing.lead')}</p>
    <a class="primary" href="/">
      {text('missing.home')}
    </a>
  </>,
)
