import { z } from '@hono/zod-openapi'
import { Timestamp } from './common.ts'

export const UserParams = z.object({ id: z.string().min(1).max(64) })

export const FactorRemoval = z.object({ removesAt: Timestamp }).openapi('FactorRemoval')
