import '../console/console.css'
import { Console } from '../console/console.tsx'
import { showPage } from '../parts/page.ts'

showPage(<Console />)
