import { describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { onDemand } from '../../../src/domain/on-demand.ts'

describe('an object on demand', () => {
  it('is built when something of it is first used, and once', () => {
    const build = vi.fn(() => z.strictObject({ name: z.string() }))
    const contract = onDemand(build)
    expect(build).not.toHaveBeenCalled()
    expect(contract.parse({ name: 'Ada' })).toEqual({ name: 'Ada' })
    expect(contract.safeParse({ name: 7 }).success).toBe(false)
    expect('_zod' in contract).toBe(true)
    expect(build).toHaveBeenCalledTimes(1)
  })

  it('is part of another schema like the one that it stands for', () => {
    const contract = onDemand(() => z.object({ name: z.string() }))
    const list = z.object({ items: z.array(contract), first: z.optional(contract) })
    expect(list.parse({ items: [{ name: 'Ada' }] })).toEqual({ items: [{ name: 'Ada' }] })
    expect(list.safeParse({ items: [{}] }).error?.issues[0]?.path).toEqual(['items', 0, 'name'])
    expect(contract).toBeInstanceOf(z.ZodObject)
    expect(contract.extend({ age: z.int() }).parse({ name: 'Ada', age: 36 })).toEqual({ name: 'Ada', age: 36 })
  })

  it('keeps the name under which a contract stands in a document', () => {
    const contract = onDemand(() => z.object({ name: z.string() }))
    const registry = z.registry<{ id: string }>()
    registry.add(contract, { id: 'Person' })
    const { properties, $defs } = z.toJSONSchema(z.object({ owner: contract }), { metadata: registry })
    expect(properties?.owner).toEqual({ $ref: '#/$defs/Person' })
    expect($defs).toHaveProperty('Person.properties.name')
  })
})
