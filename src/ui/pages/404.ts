import { followBrokenLink } from '../shared/link-token.ts'
import { translatePage } from '../texts/translate.ts'

translatePage()
followBrokenLink()
