import { showPage } from '../parts/page.ts'
import { FirstAdmin } from './first-admin/first-admin.tsx'

showPage(<FirstAdmin />)
