export const LANGUAGES = ['en', 'de'] as const
export type Language = (typeof LANGUAGES)[number]

const isLanguage = (tag: string): tag is Language => (LANGUAGES as readonly string[]).includes(tag)

/** The first of the reader's languages that the pages speak. */
export const language: Language =
  navigator.languages.map((tag) => tag.toLowerCase().split('-')[0] ?? '').find(isLanguage) ?? 'en'

type Values = Readonly<Record<string, string | number>>

/**
 * Makes the function that gives the texts of one catalogue in the reader's language. The compiler sees that every
 * language has every text; a further language is a further file beside `en.ts`. `{name}` in a text stands for a value.
 */
export function speak<Key extends string>(catalogue: Readonly<Record<Language, Readonly<Record<Key, string>>>>) {
  const texts = catalogue[language]
  const say = (key: Key, values: Values = {}): string =>
    texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
  return Object.assign(say, { has: (key: string): key is Key => Object.hasOwn(texts, key) })
}
