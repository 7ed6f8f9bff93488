import { describe, expect, it } from 'vitest'
import { SignedIn } from '../../../src/contracts/login.ts'
import { answerOf } from '../../support/answers.ts'
import { logInWith, withPasskey } from '../../support/passkeys.ts'

describe('first', () => {
  it('works', async () => {
    const { authenticator, id } = await withPasskey()
    const answer = await answerOf(await logInWith(authenticator), SignedIn)
    expect(answer.user.id).toBe(id)
  })
})
