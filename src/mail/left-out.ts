/**
 * Stands in the bundle for parts of Nodemailer that none of our mails needs, by `alias` in `wrangler.toml`
 * (docs/decisions/0019-bundle.md).
 */
export default function leftOut(): never {
  throw new Error('This part of Nodemailer is left out: see alias in wrangler.toml.')
}
export const detectExtension = leftOut
export const detectMimeType = leftOut
