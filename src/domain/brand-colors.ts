import { chooseTextColor, contrastRatio } from './contrast.ts'

/** The contrast that text must reach on its background (WCAG 2.2 §1.4.3). */
const MIN_TEXT_CONTRAST = 4.5
const STEPS = 50

/** The grounds of `src/ui/assets/style.css` on which text in the accent's colour stands. */
const SCHEMES = {
  light: { surface: '#ffffff', grounds: ['#f1f3f3', '#f6f7f7', '#ffffff'], towards: '#000000' },
  dark: { surface: '#171f1e', grounds: ['#1f2928', '#0f1514', '#171f1e'], towards: '#ffffff' },
} as const

/** Colours of the pages as values of CSS variables. */
export type BrandColors = Readonly<Record<'accent' | 'accent-soft' | 'fill' | 'fill-strong' | 'on-fill', string>>

/**
 * Makes the colours of the pages from the brand's, for either scheme. Any colour is legible: the accent is darkened or
 * lightened until text in it can be read, and a button's label is black or white.
 */
export function toBrandColors(brand: string, scheme: keyof typeof SCHEMES): BrandColors {
  const { surface, grounds, towards } = SCHEMES[scheme]
  const label = chooseTextColor(brand)
  const soft = mix(surface, brand, 0.1)
  return {
    accent: untilLegible(brand, towards, [...grounds, soft]),
    'accent-soft': soft,
    fill: brand,
    // Away from its label, so that the label is as legible as before.
    'fill-strong': mix(brand, label === '#ffffff' ? '#000000' : '#ffffff', 0.18),
    'on-fill': label,
  }
}

function untilLegible(color: string, towards: string, grounds: readonly string[]): string {
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => mix(color, towards, step / STEPS))
  const isLegible = (shade: string) => grounds.every((ground) => contrastRatio(shade, ground) >= MIN_TEXT_CONTRAST)
  return steps.find(isLegible) ?? towards
}

/** Mixes two `#rrggbb` colours. A share of 0 gives the first one. */
function mix(first: string, second: string, share: number): string {
  const channel = (color: string, start: number) => Number.parseInt(color.slice(start, start + 2), 16)
  const mixed = [1, 3, 5].map((start) =>
    Math.round(channel(first, start) * (1 - share) + channel(second, start) * share),
  )
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}
