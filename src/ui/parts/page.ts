import { type ComponentChild, render } from 'preact'
import { language } from '../texts/language.ts'

/** Shows the page in its place (`<main id="app">`), in the reader's language. */
export function showPage(page: ComponentChild): void {
  document.documentElement.lang = language
  const place = document.getElementById('app')
  if (place === null) throw new Error('the page has no #app')
  place.removeAttribute('aria-busy')
  render(page, place)
}
