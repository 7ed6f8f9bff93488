import { AccountExport } from '../../contracts/export.ts'
import { DeleteAccountRequest, UpdateProfileRequest, User } from '../../contracts/users.ts'
import { Refusal } from '../../errors.ts'
import { json, optionalJson } from '../../http/body.ts'
import { clearTokenCookies } from '../../http/cookies.ts'
import { recentFactor, user } from '../../http/guards.ts'
import { isForeignPage } from '../../http/origin.ts'
import { answer, route } from '../../http/route.ts'
import { createRouter } from '../../http/router.ts'
import { answerWithFile } from '../../http/streamed-json.ts'
import { deleteOwnAccount } from '../../services/accounts/deletion.ts'
import { exportAccount } from '../../services/accounts/export.ts'
import { changeProfile, toUser } from '../../services/accounts/profile.ts'
import { openOwnPicture } from '../../services/pictures/pictures.ts'

const tags = ['Profile']

const readRoute = route({
  method: 'get',
  path: '/auth/me',
  tags,
  summary: 'My account',
  guard: user({ mayEnrol: true }),
  answers: { 200: answer(User, 'The account.') },
})

const updateRoute = route({
  method: 'patch',
  path: '/auth/me',
  tags,
  summary: 'Change my name or username',
  limit: 'sensitive',
  guard: user(),
  body: json(UpdateProfileRequest),
  answers: {
    200: answer(User, 'The account.'),
  },
  refuses: ['username_taken'],
})

const exportRoute = route({
  method: 'get',
  path: '/auth/me/export',
  tags,
  summary: 'Everything that is stored about me',
  description:
    'A file of JSON with everything that is stored about the account, without its secrets, and with the file of its picture. It can be asked for once an hour, and not by a link on the page of another origin, so that nobody else uses that hour up.',
  guard: user(),
  answers: {
    200: answer(AccountExport, 'What is stored.'),
  },
  refuses: ['rate_limited', 'csrf_refused'],
})

const deleteRoute = route({
  method: 'delete',
  path: '/auth/me',
  tags,
  summary: 'Delete my account and everything that belongs to it',
  description:
    'Every session ends at once. The account is gone at once, too, or after `DELETION_GRACE_DAYS` days; until then, a login keeps it.',
  limit: 'sensitive',
  guard: recentFactor(),
  body: optionalJson(DeleteAccountRequest),
  answers: {
    204: { description: 'The account is gone, or will be after the days of grace.' },
  },
  refuses: ['invalid_credentials', 'step_up_required', 'login_throttled', 'last_admin'],
})

export const profileRoutes = createRouter()
  .openapi(readRoute, (c) => c.json(toUser(c.get('platform'), c.get('caller').account), 200))
  .openapi(updateRoute, async (c) => {
    const user = await changeProfile(c.get('platform'), c.get('caller').account, c.req.valid('json'))
    return c.json(user, 200)
  })
  .openapi(exportRoute, async (c) => {
    if (isForeignPage(c)) throw new Refusal('csrf_refused', { reason: 'page of another origin' })
    const platform = c.get('platform')
    const { account } = c.get('caller')
    const picture = await openOwnPicture(platform, account)
    const exported = await exportAccount(platform, account).catch(async (error: unknown) => {
      await picture?.cancel()
      throw error
    })
    c.header('Content-Disposition', 'attachment; filename="account.json"')
    if (picture === null) return c.json({ ...exported, picture: null }, 200)
    // The typed client asks for JSON, which the stream is.
    return answerWithFile(c, exported, { name: 'picture', file: picture }) as never
  })
  .openapi(deleteRoute, async (c) => {
    await deleteOwnAccount(c.get('platform'), c.get('caller'), c.req.valid('json').password)
    clearTokenCookies(c)
    c.header('Clear-Site-Data', '"cache", "storage"')
    return c.body(null, 204)
  })
