import { de } from './de.ts'
import { en, type TextKey } from './en.ts'

const isGerman = (navigator.languages[0] ?? navigator.language).toLowerCase().startsWith('de')
const texts: Readonly<Record<TextKey, string>> = isGerman ? de : en

/** Gives a text in the reader's language. */
export function translate(key: TextKey, count?: number): string {
  return texts[key].replace('{count}', String(count))
}

const isTextKey = (key: string | undefined): key is TextKey => key !== undefined && key in en

/** Translates the page, which is built in English, into the reader's language. */
export function translatePage(): void {
  if (!isGerman) return
  document.documentElement.lang = 'de'
  for (const element of document.querySelectorAll<HTMLElement>('[data-text]')) {
    const key = element.dataset.text
    if (isTextKey(key)) element.textContent = translate(key)
  }
}
