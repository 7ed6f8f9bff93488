import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { toBrandColors } from '../../src/domain/brand-colors.ts'
import { contrastRatio } from '../../src/domain/contrast.ts'
import { callWorker } from '../support/call-worker.ts'

const branded = {
  ...env,
  PRODUCT_NAME: 'Ada & <b>Sons</b>',
  BRAND_COLOR: '#ffd400',
  BRAND_LOGO_URL: 'https://cdn.example/logo.svg',
} as unknown as Env

describe('pages in the brand of the deployment', () => {
  it.each(['/', '/reset-password', '/nowhere'])('%s has the name as text, the logo and the colours', async (path) => {
    const response = await callWorker(branded, 'GET', path, { headers: { Accept: 'text/html' } })
    const html = await response.text()
    expect(html).toContain('<span>Ada &amp; &lt;b&gt;Sons&lt;/b&gt;</span>')
    expect(html).toContain('src="https://cdn.example/logo.svg"')
    expect(html).toContain('<link rel="stylesheet" href="/brand.css"></head>')
    const policy = response.headers.get('Content-Security-Policy')
    expect(policy).toContain("img-src 'self' https://cdn.example data:;")
    expect(policy).toContain("script-src 'self';")
  })

  it('are sent whole, because their tag would be that of the page in another brand', async () => {
    const headers = { 'If-None-Match': '*', Range: 'bytes=0-9' }
    const response = await callWorker(branded, 'GET', '/reset-password', { headers })
    expect({ status: response.status, tag: response.headers.get('ETag') }).toEqual({ status: 200, tag: null })
  })

  it('have colours of this origin, as their policy demands', async () => {
    const response = await callWorker(branded, 'GET', '/brand.css')
    expect(response.headers.get('Content-Type')).toBe('text/css; charset=utf-8')
    const css = await response.text()
    expect(css).toMatch(/^:root\{(--[a-z-]+:#[0-9a-f]{6};?){5}\}@media\(prefers-color-scheme:dark\)\{:root\{/)
    expect(css).toContain('--fill:#ffd400')
  })
})

describe('the colours of the pages (WCAG 2.2 §1.4.3)', () => {
  const GROUNDS = { light: ['#f1f3f3', '#f6f7f7', '#ffffff'], dark: ['#1f2928', '#0f1514', '#171f1e'] } as const
  const steps = [0, 51, 102, 153, 204, 255].map((value) => value.toString(16).padStart(2, '0'))
  const colors = steps.flatMap((red) => steps.flatMap((green) => steps.map((blue) => `#${red}${green}${blue}`)))

  it.each(['light', 'dark'] as const)('are legible in the %s scheme, whatever the colour of the brand', (scheme) => {
    const illegible = colors.filter((color) => {
      const {
        accent,
        'accent-soft': soft,
        fill,
        'fill-strong': strong,
        'on-fill': label,
      } = toBrandColors(color, scheme)
      const pairs = [...[...GROUNDS[scheme], soft].map((ground) => [accent, ground]), [label, fill], [label, strong]]
      return pairs.some(([text = '', ground = '']) => contrastRatio(text, ground) < 4.5)
    })
    expect(illegible).toEqual([])
  })
})
