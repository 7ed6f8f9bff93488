import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'
import { named } from './common.ts'

export const PictureChanged = named('PictureChanged', () => z.object({ pictureUrl: z.string() }))

/** `v` names the content, as in `pictureUrl`. */
export const PictureQuery = onDemand(() => z.object({ v: z.string().max(64).optional() }))

/** The content of a picture. */
export const PictureContent = onDemand(() => z.string().meta({ format: 'binary' }))
