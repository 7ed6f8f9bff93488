import '../docs/docs.css'
import { Docs } from '../docs/docs.tsx'
import { showPage } from '../parts/page.ts'
import { text } from '../texts/docs/index.ts'

document.title = text('title')
showPage(<Docs />)
