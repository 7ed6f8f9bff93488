import { BRAND_MAX_AGE_SECONDS, DEFAULT_BRAND } from '../config.ts'
import { type BrandColors, toBrandColors } from '../domain/brand-colors.ts'
import type { Settings } from '../env.ts'
import type { Context } from './context.ts'

type Brand = Settings['brand']

const toVariables = (colors: BrandColors): string =>
  Object.entries(colors)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')

/**
 * Serves the colours of the brand as a style sheet, which comes after that of the pages: a style sheet of this origin
 * is what their Content-Security-Policy allows.
 */
export function serveBrandColors(c: Context): Response {
  const { color } = c.get('platform').settings.brand
  const [light, dark] = (['light', 'dark'] as const).map((scheme) => toVariables(toBrandColors(color, scheme)))
  const css = `:root{${light}}@media(prefers-color-scheme:dark){:root{${dark}}}`
  const headers = {
    'Content-Type': 'text/css; charset=utf-8',
    'Cache-Control': `public, max-age=${BRAND_MAX_AGE_SECONDS}`,
  }
  return new Response(css, { headers })
}

/** Tells whether a deployment shows the pages as they are built. */
export const isDefaultBrand = ({ productName, color, logoUrl }: Brand): boolean =>
  productName === DEFAULT_BRAND.productName && color === DEFAULT_BRAND.color && logoUrl === DEFAULT_BRAND.logoUrl

/** Shows a page in the name, the colour and with the logo of whoever runs the service. */
export function applyBrand(page: Response, brand: Brand): Response {
  const { productName, logoUrl } = brand
  // The page is no longer the one that its tag and its length describe.
  for (const name of ['ETag', 'Content-Length']) page.headers.delete(name)
  if (logoUrl !== null) allowImages(page.headers, new URL(logoUrl).origin)
  return new HTMLRewriter()
    .on('.brand span', { element: (span) => void span.setInnerContent(productName) })
    .on('.brand img', { element: (image) => void (logoUrl === null || image.setAttribute('src', logoUrl)) })
    .on('head', { element: (head) => void head.append('<link rel="stylesheet" href="/brand.css">', { html: true }) })
    .transform(page)
}

function allowImages(headers: Headers, origin: string): void {
  const policy = headers.get('Content-Security-Policy') ?? ''
  headers.set('Content-Security-Policy', policy.replace("img-src 'self'", `img-src 'self' ${origin}`))
}
