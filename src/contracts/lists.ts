import * as z from 'zod'
import { onDemand } from '../domain/on-demand.ts'

/** Describes a page of a list. */
export const listOf = <Item extends z.ZodType>(item: Item) =>
  onDemand(() => z.object({ items: z.array(item), nextCursor: z.string().nullable() }))

export const PageQuery = onDemand(() =>
  z.object({
    cursor: z.string().max(256).optional(),
    limit: z.coerce.number().int().min(1).max(100).default(50),
  }),
)
export type PageQuery = z.infer<typeof PageQuery>
