import * as z from 'zod'
import { named } from './common.ts'

export const TotpEnrolment = named('TotpEnrolment', () =>
  z.object({
    secret: z.string().meta({ description: 'Base32, for somebody who types it. It is shown this once.' }),
    otpauthUri: z.string(),
    qrSvg: z.string().meta({ description: 'The address as a QR code, which refers to nothing outside itself.' }),
  }),
)

export const ActivateTotpRequest = named('ActivateTotpRequest', () =>
  z.strictObject({ code: z.string().min(1).max(64) }),
)

const codes = () => z.array(z.string()).meta({ description: 'Each works once. They are shown this once.' })

export const TotpActivated = named('TotpActivated', () => z.object({ recoveryCodes: codes().optional() }))

export const RecoveryCodes = named('RecoveryCodes', () => z.object({ recoveryCodes: codes() }))
