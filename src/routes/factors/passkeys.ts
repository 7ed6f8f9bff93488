import { IdParams } from '../../contracts/common.ts'
import { SignedIn } from '../../contracts/login.ts'
import {
  Passkey,
  PasskeyAuthenticationOptions,
  PasskeyList,
  PasskeyLoginRequest,
  PasskeyOptionsRequest,
  PasskeyRegistrationOptions,
  RegisteredPasskey,
  RegisterPasskeyRequest,
  RenamePasskeyRequest,
} from '../../contracts/passkeys.ts'
import { json, optionalJson } from '../../http/body.ts'
import { readDeviceToken } from '../../http/cookies.ts'
import { loginBudget, reader, recentLogin, user } from '../../http/guards.ts'
import { presentSession, readLoginExtras } from '../../http/login.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { logInWithPasskey } from '../../services/factors/passkeys/login.ts'
import { readPasskeys, removePasskey, renamePasskey } from '../../services/factors/passkeys/management.ts'
import {
  beginLogin,
  beginRegistration,
  beginSecondFactor,
  beginStepUp,
} from '../../services/factors/passkeys/options.ts'
import { registerPasskey } from '../../services/factors/passkeys/registration.ts'

const tags = ['Passkeys']

const registrationOptionsRoute = route({
  method: 'post',
  path: '/auth/passkeys/registration/options',
  tags,
  summary: 'Begin to register a passkey',
  description: 'Needs a recent login. Give `options` to `navigator.credentials.create()`.',
  limit: 'moderate',
  guard: recentLogin({ mayEnrol: true }),
  answers: { 200: answer(PasskeyRegistrationOptions, 'What the browser asks the authenticator.') },
  refuses: ['passkey_limit'],
})

const registrationRoute = route({
  method: 'post',
  path: '/auth/passkeys/registration',
  tags,
  summary: 'Register a passkey',
  description:
    'Needs a recent login. With the first factor of an account come its recovery codes, which are shown once.',
  limit: 'sensitive',
  guard: recentLogin({ mayEnrol: true }),
  body: json(RegisterPasskeyRequest),
  answers: { 201: answer(RegisteredPasskey, 'The passkey works from now on.') },
  refuses: ['invalid_registration', 'passkey_exists', 'passkey_limit'],
})

const listRoute = route({
  method: 'get',
  path: '/auth/passkeys',
  tags,
  summary: 'My passkeys',
  description:
    'Give `rpId`, `userHandle` and the credential ids to `PublicKeyCredential.signalAllAcceptedCredentials()`, so that authenticators forget what was removed here.',
  guard: reader({ mayEnrol: true }),
  answers: { 200: answer(PasskeyList, 'All of them, oldest first.') },
})

const renameRoute = route({
  method: 'patch',
  path: '/auth/passkeys/{id}',
  tags,
  summary: 'Rename a passkey',
  limit: 'moderate',
  guard: user({ mayEnrol: true }),
  params: IdParams,
  body: json(RenamePasskeyRequest),
  answers: { 200: answer(Passkey, 'The passkey.') },
  refuses: ['not_found'],
})

const removeRoute = route({
  method: 'delete',
  path: '/auth/passkeys/{id}',
  tags,
  summary: 'Remove a passkey',
  description: 'Needs a recent login, and ends all other sessions. Never the last way to sign in.',
  limit: 'moderate',
  guard: recentLogin({ mayEnrol: true }),
  params: IdParams,
  answers: { 204: { description: 'It is removed.' } },
  refuses: ['not_found', 'last_login_method', 'last_strong_factor'],
})

const optionsRoute = route({
  method: 'post',
  path: '/auth/passkeys/authentication/options',
  tags,
  summary: 'Begin to sign in with a passkey',
  description:
    'Give `options` to `navigator.credentials.get()`. Without `mfaTicket` they name no passkey, so that the person picks one, also from the suggestions of an input field (`mediation: "conditional"`).',
  limit: 'moderate',
  body: optionalJson(PasskeyOptionsRequest),
  answers: { 200: answer(PasskeyAuthenticationOptions, 'What the browser asks the authenticator.') },
  refuses: ['invalid_token'],
})

const loginRoute = route({
  method: 'post',
  path: '/auth/passkeys/authentication',
  tags,
  summary: 'Sign in with a passkey',
  description:
    'Alone, or as the second factor of the login whose `mfaTicket` the options were asked with. Where a 401 has `unknownCredential: true`, give the credential id to `PublicKeyCredential.signalUnknownCredential()`.',
  guard: loginBudget(),
  body: json(PasskeyLoginRequest),
  answers: { 200: answer(SignedIn, 'Signed in.') },
  refuses: [
    'ambiguous_credentials',
    'invalid_passkey',
    'invalid_credentials',
    'account_deactivated',
    'email_not_verified',
  ],
})

const stepUpOptionsRoute = route({
  method: 'post',
  path: '/auth/step-up/passkey',
  tags,
  summary: 'Begin to confirm with a passkey that it is me',
  description: 'Send `ticket` and the answer of the browser to `POST /auth/step-up`.',
  limit: 'moderate',
  guard: user({ mayEnrol: true }),
  answers: { 200: answer(PasskeyAuthenticationOptions, 'What the browser asks the authenticator.') },
})

export const passkeyRoutes = createRouter()
  .openapi(registrationOptionsRoute, async (c) =>
    c.json(await beginRegistration(c.get('platform'), c.get('caller').account), 200),
  )
  .openapi(registrationRoute, async (c) =>
    c.json(await registerPasskey(c.get('platform'), c.get('caller'), c.req.valid('json')), 201),
  )
  .openapi(listRoute, async (c) => {
    const { claims, readAsCaller } = c.var
    return c.json(await readPasskeys(c.get('platform'), readAsCaller, claims), 200)
  })
  .openapi(renameRoute, async (c) => {
    const { id } = c.req.valid('param')
    const { name } = c.req.valid('json')
    return c.json(await renamePasskey(c.get('platform'), c.get('caller').account, { id, name }), 200)
  })
  .openapi(removeRoute, async (c) => {
    await removePasskey(c.get('platform'), c.get('caller'), c.req.valid('param').id)
    return c.body(null, 204)
  })
  .openapi(optionsRoute, async (c) => {
    const { mfaTicket } = c.req.valid('json')
    const platform = c.get('platform')
    if (mfaTicket === undefined) return c.json(await beginLogin(platform), 200)
    const waiting = { ticket: mfaTicket, deviceToken: readDeviceToken(c) }
    return c.json(await beginSecondFactor(platform, waiting), 200)
  })
  .openapi(loginRoute, async (c) => {
    const { delivery, ...input } = c.req.valid('json')
    const session = await logInWithPasskey(c.get('platform'), {
      ...input,
      ...readLoginExtras(c, delivery),
      countStranger: c.get('countStranger'),
    })
    return c.json(presentSession(c, session, delivery), 200)
  })
  .openapi(stepUpOptionsRoute, async (c) => c.json(await beginStepUp(c.get('platform'), c.get('caller').account), 200))
