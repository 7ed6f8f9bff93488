import { listOf } from '../contracts/lists.ts'
import { SigningKeyView } from '../contracts/signing-keys.ts'
import { permission, reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { promoteNextKey, readSigningKeys } from '../services/signing-keys/administration.ts'

const tags = ['Administration']

const listRoute = route({
  method: 'get',
  path: '/signing-keys',
  tags,
  summary: 'The keys that sign access tokens',
  description: 'Needs the permission `keys:read`.',
  guard: reader({ permission: 'keys:read' }),
  answers: { 200: answer(listOf(SigningKeyView), 'The newest first.') },
})

const rotationRoute = route({
  method: 'post',
  path: '/signing-keys/rotation',
  tags,
  summary: 'Let the next key sign from now on',
  description:
    'Needs the permission `keys:rotate`. The next key has been published for a while, so services that verify tokens know it. Every isolate signs with it within five minutes. The former key still verifies what it has signed.',
  guard: permission('keys:rotate', { isRecent: true }),
  answers: { 204: { description: 'The next key signs.' } },
  refuses: ['next_key_too_new'],
})

export const signingKeyRoutes = createRouter()
  .openapi(listRoute, async (c) => {
    const items = await readSigningKeys(c.get('platform'), c.get('readAsCaller'))
    return c.json({ items, nextCursor: null }, 200)
  })
  .openapi(rotationRoute, async (c) => {
    await promoteNextKey(c.get('platform'), c.get('caller').account)
    return c.body(null, 204)
  })
