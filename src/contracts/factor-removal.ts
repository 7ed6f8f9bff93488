import * as z from 'zod'
import { named, timestamp } from './common.ts'

export const FactorRemoval = named('FactorRemoval', () => z.object({ removesAt: timestamp() }))
