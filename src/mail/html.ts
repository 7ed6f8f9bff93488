import { chooseTextColor, contrastRatio, WHITE } from '../domain/contrast.ts'
import { unicodePattern } from '../domain/unicode-pattern.ts'
import { escapeHtml } from './escape.ts'
import type { Letter } from './letter.ts'
import type { Brand } from './message.ts'

const DARK_CARD = '#161c27'
const LETTER_BEFORE_HYPHEN = unicodePattern(String.raw`(?<!\p{L})(\p{L})-(?=\p{L})`, 'gu')
/** The contrast that the edge of a control must reach (WCAG 2.2 §1.4.11). */
const MIN_EDGE_CONTRAST = 3
const FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
const MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace"

/**
 * Colours stand inline for clients that drop style sheets. The sheet only adds what cannot stand inline, which is dark
 * mode and narrow screens. `[data-ogsc]` is how Outlook on the web and on phones marks a darkened mail.
 */
const STYLES = `
:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (max-width:480px){.page{padding:16px 8px!important}.card{padding:28px 20px!important}.button{display:block!important}}
@media (prefers-color-scheme:dark){
.ground{background:#0b0f17!important}
.card{background:${DARK_CARD}!important;border-color:#2a3342!important}
.ink{color:#f3f4f6!important}
.soft{color:#c3cad5!important}
.box{background:#0f141d!important;border-color:#2a3342!important}
}
[data-ogsc] .ink{color:#f3f4f6!important}
[data-ogsc] .soft{color:#c3cad5!important}
`

/**
 * Renders the HTML part: one column, one `h1`, and nothing loaded from elsewhere but the configured logo. Every value
 * is escaped here.
 */
export function renderHtml(letter: Letter, brand: Brand): string {
  const sections = [
    `<h1 class="ink" style="margin:0 0 16px;font-size:24px;line-height:32px;font-weight:700;color:#111827">${typeset(letter.heading)}</h1>`,
    ...letter.paragraphs.map((text) => paragraph(text, 'ink', '0 0 16px')),
    renderFacts(letter.facts),
    letter.link === null ? '' : renderButton(letter.link, escapeHtml(brand.color)),
    letter.code === null ? '' : renderCode(letter.code, letter.codeHint),
    ...letter.closing.map((text, index) => paragraph(text, 'soft', index === 0 ? '0' : '12px 0 0')),
    letter.link === null ? '' : renderBareLink(letter.link),
  ]
  return `<!doctype html>
<html lang="${letter.locale}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${escapeHtml(letter.subject)}</title>
<style>${STYLES}</style>
</head>
<body class="ground" style="margin:0;padding:0;background:#f3f4f6">
<div class="page ground" lang="${letter.locale}" style="padding:32px 16px;background:#f3f4f6;font-family:${FONT};font-size:16px;line-height:25px">
<table role="presentation" align="center" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:560px;margin:0 auto">
<tr><td style="padding:0 4px 20px">${renderLogo(letter.product, brand.logoUrl)}</td></tr>
<tr><td class="card" style="padding:36px 40px;background:#ffffff;border:1px solid #e2e5ea;border-radius:14px">
${sections.filter((section) => section !== '').join('\n')}
</td></tr>
<tr><td class="soft" style="padding:20px 4px 0;font-size:13px;line-height:20px;color:#4b5563">${typeset(letter.reason)}</td></tr>
</table>
</div>
</body>
</html>
`
}

/**
 * Escapes a text, and keeps a single letter together with what its hyphen joins it to, so that "E-Mail" is not broken
 * after the E.
 */
function typeset(text: string): string {
  return escapeHtml(text).replaceAll(LETTER_BEFORE_HYPHEN(), '$1&#8209;')
}

function paragraph(text: string, tone: 'ink' | 'soft', margin: string): string {
  const look = tone === 'ink' ? 'color:#111827' : 'font-size:14px;line-height:22px;color:#4b5563'
  return `<p class="${tone}" style="margin:${margin};${look}">${typeset(text)}</p>`
}

function renderLogo(product: string, logoUrl: string | null): string {
  const name = `<span class="ink" style="font-size:17px;font-weight:700;color:#111827">${escapeHtml(product)}</span>`
  if (logoUrl === null) return name
  // The name stands beside the image, which is therefore decoration. Its empty alternative keeps screen readers from
  // reading the name twice.
  return `<img src="${escapeHtml(logoUrl)}" alt="" height="32" style="height:32px;width:auto;border:0;vertical-align:middle;margin-right:10px">${name}`
}

function renderFacts(facts: Letter['facts']): string {
  if (facts.length === 0) return ''
  const rows = facts.map(
    ({ label, value }) =>
      `<tr><th class="soft" scope="row" align="left" valign="top" style="padding:5px 16px 5px 0;font-weight:400;color:#4b5563">${escapeHtml(label)}</th>` +
      `<td class="ink" style="padding:5px 0;color:#111827;overflow-wrap:anywhere">${escapeHtml(value)}</td></tr>`,
  )
  return `<div class="box" style="margin:0 0 20px;padding:9px 16px;background:#f8f9fb;border:1px solid #e2e5ea;border-radius:10px"><table cellpadding="0" cellspacing="0" border="0" style="font-size:15px;line-height:22px">${rows.join('')}</table></div>`
}

/**
 * Renders the button. Where its colour is too close to the light or the dark card, a border in the colour of the label
 * keeps the button's edge visible.
 */
function renderButton({ address, label }: NonNullable<Letter['link']>, color: string): string {
  const text = chooseTextColor(color)
  const stands = [WHITE, DARK_CARD].every((card) => contrastRatio(color, card) >= MIN_EDGE_CONTRAST)
  const look = `border:1px solid ${stands ? color : text};border-radius:10px;background:${color};color:${text}`
  return `<p style="margin:24px 0"><a class="button" href="${escapeHtml(address)}" style="display:inline-block;padding:13px 26px;${look};font-size:16px;line-height:24px;font-weight:600;text-align:center;text-decoration:none">${escapeHtml(label)}</a></p>`
}

/** Renders the code in groups of four. Only padding makes the groups, so that a copy of the code is the bare digits. */
function renderCode(code: string, hint: string): string {
  const groups = code.match(/.{1,4}/g) ?? []
  const digits = groups
    .map((group, index) => (index === 0 ? group : `<span style="padding-left:12px">${group}</span>`))
    .join('')
  return `${paragraph(hint, 'soft', '0 0 8px')}
<div class="box ink" style="margin:0 0 24px;padding:14px 16px;background:#f8f9fb;border:1px solid #e2e5ea;border-radius:10px;color:#111827;font-family:${MONO};font-size:28px;line-height:36px;font-weight:600;letter-spacing:2px;text-align:center">${digits}</div>`
}

function renderBareLink(link: NonNullable<Letter['link']>): string {
  const address = escapeHtml(link.address)
  return `<p class="soft" style="margin:20px 0 0;font-size:13px;line-height:20px;color:#4b5563">${escapeHtml(link.hint)}<br><a class="soft" href="${address}" style="color:#4b5563;text-decoration:underline;overflow-wrap:anywhere;word-break:break-all">${address}</a></p>`
}
