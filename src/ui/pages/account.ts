import { translatePage } from '../texts/translate.ts'

translatePage()
