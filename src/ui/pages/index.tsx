import { showPage } from '../parts/page.ts'
import { text } from '../texts/start/index.ts'

showPage(
  <>
    <h1>{text('home.title')}</h1>
    <p class="lead">{text('home.lead')}</p>
    <a class="primary" href="/docs">
      {text('home.docs')}
    </a>
    <a class="quiet" href="/openapi.json">
      {text('home.document')}
    </a>
  </>,
)
