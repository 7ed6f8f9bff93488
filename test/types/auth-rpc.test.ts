import { describe, expectTypeOf, it } from 'vitest'
import type { ServiceClaims } from '../../src/services/introspection/verification.ts'
import type { Env } from '../support/other-service/worker.ts'

type Verify = Env['AUTH']['verify']
type Answer = Awaited<ReturnType<Verify>>

/** The file docs/other-services.md tells others to copy this interface. */
interface Auth {
  verify(
    token: string,
    options?: { permission?: string; fresh?: boolean },
  ): Promise<
    | {
        ok: true
        claims: {
          userId: string
          sessionId: string
          roles: string[]
          permissions: string[]
          methods: string[]
          acr: 'urn:postern:acr:single-factor' | 'urn:postern:acr:multi-factor'
          authenticatedAt: number
        }
      }
    | { ok: false; code: 'unauthenticated' | 'forbidden' | 'unavailable' }
  >
}

describe('AuthRpc over a service binding (checked by tsc)', () => {
  it('takes a token and options of these names', () => {
    expectTypeOf<Parameters<Verify>[0]>().toEqualTypeOf<string>()
    expectTypeOf<{ permission: string; fresh: boolean }>().toExtend<NonNullable<Parameters<Verify>[1]>>()
    expectTypeOf<{ permission: number }>().not.toExtend<NonNullable<Parameters<Verify>[1]>>()
  })

  it('has the type that docs/other-services.md tells others to copy', () => {
    expectTypeOf<Env['AUTH']>().toExtend<Auth>()
    expectTypeOf<Parameters<Auth['verify']>>().toExtend<Parameters<Verify>>()
  })

  it('answers the claims, or one of three codes', () => {
    expectTypeOf<Extract<Answer, { ok: true }>['claims']>().toExtend<ServiceClaims>()
    expectTypeOf<Extract<Answer, { ok: false }>['code']>().toEqualTypeOf<
      'unauthenticated' | 'forbidden' | 'unavailable'
    >()
  })
})
