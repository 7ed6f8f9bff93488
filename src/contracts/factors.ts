import { z } from '@hono/zod-openapi'

export const TotpEnrolment = z
  .object({
    secret: z.string().openapi({ description: 'Base32, for somebody who types it. It is shown this once.' }),
    otpauthUri: z.string(),
    qrSvg: z.string().openapi({ description: 'The address as a QR code, which refers to nothing outside itself.' }),
  })
  .openapi('TotpEnrolment')

export const ActivateTotpRequest = z.strictObject({ code: z.string().min(1).max(64) }).openapi('ActivateTotpRequest')

const Codes = z.array(z.string()).openapi({ description: 'Each works once. They are shown this once.' })

export const TotpActivated = z.object({ recoveryCodes: Codes.optional() }).openapi('TotpActivated')

export const RecoveryCodes = z.object({ recoveryCodes: Codes }).openapi('RecoveryCodes')
