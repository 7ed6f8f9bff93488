import type { View } from './camera.ts'
import { CHAPTERS, type Shot } from './shots.ts'

const LANGUAGES = { en: 'English', de: 'German' } as const
const SIZES = { card: { width: 520, height: 760 }, full: { width: 1040, height: 720 } } as const
const PHONE = { width: 320, height: 700 } as const

type Size = (typeof SIZES)[keyof typeof SIZES]

/** A picture, by the name of its file in `docs/images/pages`. */
export interface Picture {
  file: string
  shot: Shot
  view: View
}

/** In light and dark, in each language that the page speaks. */
const EVERY_VIEW = [
  { language: 'en', scheme: 'light' },
  { language: 'en', scheme: 'dark' },
  { language: 'de', scheme: 'light' },
  { language: 'de', scheme: 'dark' },
] as const
const FEW_VIEWS = [EVERY_VIEW[0], EVERY_VIEW[3]] as const

/** Lists all pictures of a page in one of its states. */
function picturesOf(shot: Shot): Picture[] {
  const take = (suffix: string, views: readonly Pick<View, 'language' | 'scheme'>[], size: typeof PHONE | Size) =>
    views
      .filter(({ language }) => language === 'en' || !shot.isEnglishOnly)
      .map((view) => ({
        file: `${shot.name}${suffix}.${view.language}.${view.scheme}.webp`,
        shot,
        view: { ...view, ...size },
      }))
  return [
    ...take('', shot.isState ? FEW_VIEWS : EVERY_VIEW, SIZES[shot.isCard ? 'card' : 'full']),
    ...(shot.isOnPhoneToo ? take('.phone', FEW_VIEWS, PHONE) : []),
  ]
}

export const PICTURES: readonly Picture[] = Object.values(CHAPTERS).flat().flatMap(picturesOf)

/** Writes the page on which people look at all pictures. */
export function renderGallery(): string {
  const chapters = Object.entries(CHAPTERS).map(
    ([title, shots]) => `## ${title}\n\n${shots.map(renderShot).join('\n\n')}`,
  )
  return `# The pages in pictures

Every [hosted page](hosted-pages.md) and its main states, in light and dark, in English and German, some of them on a small phone as well (320 px).
\`npm run screenshots\` takes them of a running service, and CI checks that no page is left out. The people are made up.

${chapters.join('\n\n')}
`
}

/** Puts the pictures of a page side by side, each under what it shows. */
function renderShot(shot: Shot): string {
  const pictures = picturesOf(shot).map(({ file, view: { language, scheme, width } }) => ({
    label: `${LANGUAGES[language]}, ${scheme}${width === PHONE.width ? ', 320 px' : ''}`,
    file,
  }))
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [
    `### ${shot.title}`,
    '',
    row(pictures.map(({ label }) => label)),
    row(pictures.map(() => '---')),
    row(pictures.map(({ label, file }) => `![${shot.title} (${label})](images/pages/${file})`)),
  ].join('\n')
}
