import * as z from 'zod'
import { named, timestamp } from './common.ts'

export const UserParams = z.lazy(() => z.object({ id: z.string().min(1).max(64) }))

export const FactorRemoval = named('FactorRemoval', () => z.object({ removesAt: timestamp() }))
