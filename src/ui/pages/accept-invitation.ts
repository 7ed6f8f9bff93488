import { runLinkPage } from '../shared/link-page.ts'

runLinkPage('/auth/accept-invitation')
