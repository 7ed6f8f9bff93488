import { describe, expect, it } from 'vitest'
import { PasskeyAssertion, PasskeyRegistration } from '../../../src/contracts/passkeys.ts'
import { verifyAssertion } from '../../../src/services/factors/passkeys/assertion.ts'
import { verifyAttestation } from '../../../src/services/factors/passkeys/attestation.ts'
import { settings } from '../../support/accounts.ts'
import vectors from '../../vectors/webauthn.json'

const depsFor = ({ rpId, origin }: { rpId: string; origin: string }) => ({
  settings: { ...settings, relyingParty: { id: rpId, origins: [origin] } },
})

describe('answers of real authenticators, from the tests of the library, on workerd', () => {
  it.each(vectors.registrations)(
    'reads a registration: $name',
    async ({ challenge, response, isAccepted, ...party }) => {
      const answer = { challenge, response: PasskeyRegistration.parse(response) }
      const verified = await verifyAttestation(depsFor(party), answer)
      if (!isAccepted) return expect(verified).toEqual({ ok: false, error: 'attestation' })
      expect(verified).toMatchObject({
        ok: true,
        value: { credentialId: expect.stringMatching(/^[A-Za-z0-9_-]{22,}$/) },
      })
      const other = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url')
      expect(await verifyAttestation(depsFor(party), { ...answer, challenge: other })).toMatchObject({ ok: false })
    },
  )

  it.each(vectors.assertions)(
    'verifies an assertion: $name',
    async ({ challenge, response, publicKey, counter, ...party }) => {
      const passkey = {
        id: 'passkey',
        userId: 'user',
        credentialId: response.id,
        publicKey,
        counter,
        transports: [],
        userHandle: null,
        aaguid: '',
        name: '',
        isBackupEligible: false,
        isBackedUp: false,
        opensAlone: false,
        createdAt: 0,
        lastUsedAt: null,
      }
      const ticket = Buffer.from(challenge, 'base64url').toString()
      const boundTo = { id: 'login', salt: '' }
      const answered = { id: '', expiresAt: 0, ticket, purpose: 'passkey_second_factor' as const, boundTo }
      const signed = PasskeyAssertion.parse(response)
      const verify = (changed: object) =>
        verifyAssertion(depsFor(party), {
          passkey,
          challenge: answered,
          response: { ...signed, response: { ...signed.response, ...changed } },
        })
      expect(await verify({})).toMatchObject({ ok: true, value: { use: { counter } } })
      const signature = Buffer.from(signed.response.signature, 'base64url')
      signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1
      expect(await verify({ signature: signature.toString('base64url') })).toEqual({ ok: false, error: 'signature' })
    },
  )
})
