import { IdParams, Status } from '../contracts/common.ts'
import { listOf, PageQuery } from '../contracts/lists.ts'
import { RoleAssignment } from '../contracts/roles.ts'
import { SessionView } from '../contracts/sessions.ts'
import { UserChanges, UserMailRequest, UserNote, UserNoteChange, UserQuery } from '../contracts/user-administration.ts'
import { User } from '../contracts/users.ts'
import { json } from '../http/body.ts'
import { permission, reader } from '../http/guards.ts'
import { answer, route } from '../http/route.ts'
import { createRouter } from '../http/router.ts'
import { mailUser, requirePasswordReset } from '../services/users/mails.ts'
import { changeNote, readNote } from '../services/users/note.ts'
import { readUsers } from '../services/users/search.ts'
import {
  assignRoles,
  changeUser,
  deleteUser,
  endUserSessions,
  readUser,
  readUserSessions,
} from '../services/users/users.ts'

const tags = ['Administration']

const listRoute = route({
  method: 'get',
  path: '/users',
  tags,
  summary: 'Search the users',
  description:
    'Needs the permission `users:read`. Newest first. A page may hold fewer users than its limit, or none, while there is a next one.',
  guard: reader({ permission: 'users:read' }),
  query: UserQuery,
  answers: { 200: answer(listOf(User), 'A page of users.') },
})

const readRoute = route({
  method: 'get',
  path: '/users/{id}',
  tags,
  summary: 'One user',
  description: 'Needs the permission `users:read`.',
  guard: reader({ permission: 'users:read' }),
  params: IdParams,
  answers: { 200: answer(User, 'The user.') },
  refuses: ['not_found'],
})

const changeRoute = route({
  method: 'patch',
  path: '/users/{id}',
  tags,
  summary: 'Change a user, deactivate them or let them back in',
  description: 'Needs the permission `users:write`, and every permission that the user has.',
  guard: permission('users:write'),
  params: IdParams,
  body: json(UserChanges),
  answers: { 200: answer(User, 'The user as they are now.') },
  refuses: ['not_found', 'permission_not_held', 'last_admin', 'username_taken'],
})

const deleteRoute = route({
  method: 'delete',
  path: '/users/{id}',
  tags,
  summary: 'Delete a user',
  description: 'Needs the permission `users:delete`, and every permission that the user has.',
  guard: permission('users:delete', { isRecent: true }),
  params: IdParams,
  answers: { 204: { description: 'The account is gone.' } },
  refuses: ['not_found', 'permission_not_held', 'last_admin'],
})

const rolesRoute = route({
  method: 'put',
  path: '/users/{id}/roles',
  tags,
  summary: 'Set the roles of a user',
  description:
    'Needs the permission `roles:assign`, every permission that the user has, and every one that the roles give. Everybody has the role `user`, named or not.',
  guard: permission('roles:assign', { isRecent: true }),
  params: IdParams,
  body: json(RoleAssignment),
  answers: { 200: answer(User, 'The user as they are now.') },
  refuses: ['not_found', 'permission_not_held', 'last_admin'],
})

const sessionsRoute = route({
  method: 'get',
  path: '/users/{id}/sessions',
  tags,
  summary: 'The sessions of a user',
  description: 'Needs the permission `users:write`. Newest first.',
  guard: reader({ permission: 'users:write' }),
  params: IdParams,
  query: PageQuery,
  answers: { 200: answer(listOf(SessionView), 'A page of live sessions.') },
  refuses: ['not_found'],
})

const endSessionsRoute = route({
  method: 'delete',
  path: '/users/{id}/sessions',
  tags,
  summary: 'Sign a user out everywhere',
  description: 'Needs the permission `users:write`, and every permission that the user has.',
  guard: permission('users:write'),
  params: IdParams,
  answers: { 204: { description: 'Every session has ended.' } },
  refuses: ['not_found', 'permission_not_held'],
})

const mailRoute = route({
  method: 'post',
  path: '/users/{id}/mails',
  tags,
  summary: 'Mail a user the link that confirms their address, or the one that sets a new password',
  description:
    'Needs the permission `users:write`, and every permission that the user has. A deactivated user gets no mail.',
  limit: 'moderate',
  guard: permission('users:write'),
  params: IdParams,
  body: json(UserMailRequest),
  answers: { 202: answer(Status('mail_sent'), 'The mail is on its way.') },
  refuses: ['not_found', 'permission_not_held', 'already_verified'],
})

const passwordResetRoute = route({
  method: 'post',
  path: '/users/{id}/password-reset',
  tags,
  summary: 'Make a user set a new password',
  description:
    'Needs the permission `users:write`, and every permission that the user has. Every session ends, and the password signs nobody in until a new one is set by the link that is mailed.',
  limit: 'moderate',
  guard: permission('users:write'),
  params: IdParams,
  answers: { 204: { description: 'The password has to be set anew.' } },
  refuses: ['not_found', 'permission_not_held', 'password_not_set'],
})

const readNoteRoute = route({
  method: 'get',
  path: '/users/{id}/note',
  tags,
  summary: 'What administrators have noted about a user',
  description: 'Needs the permission `users:read`.',
  guard: reader({ permission: 'users:read' }),
  params: IdParams,
  answers: { 200: answer(UserNote, 'The note, or nulls.') },
  refuses: ['not_found'],
})

const changeNoteRoute = route({
  method: 'put',
  path: '/users/{id}/note',
  tags,
  summary: 'Note something about a user, or remove the note',
  description:
    'Needs the permission `users:write`, and every permission that the user has. The user sees it only in their own export.',
  guard: permission('users:write'),
  params: IdParams,
  body: json(UserNoteChange),
  answers: { 200: answer(UserNote, 'The note as it is now.') },
  refuses: ['not_found', 'permission_not_held'],
})

export const userRoutes = createRouter()
  .openapi(listRoute, async (c) =>
    c.json(await readUsers(c.get('platform'), c.get('readAsCaller'), c.req.valid('query')), 200),
  )
  .openapi(readRoute, async (c) =>
    c.json(await readUser(c.get('platform'), c.get('readAsCaller'), c.req.valid('param').id), 200),
  )
  .openapi(changeRoute, async (c) => {
    const { account } = c.get('caller')
    return c.json(await changeUser(c.get('platform'), account, c.req.valid('param').id, c.req.valid('json')), 200)
  })
  .openapi(deleteRoute, async (c) => {
    await deleteUser(c.get('platform'), c.get('caller').account, c.req.valid('param').id)
    return c.body(null, 204)
  })
  .openapi(rolesRoute, async (c) => {
    const { account } = c.get('caller')
    return c.json(
      await assignRoles(c.get('platform'), account, c.req.valid('param').id, c.req.valid('json').roles),
      200,
    )
  })
  .openapi(sessionsRoute, async (c) => {
    const whose = { userId: c.req.valid('param').id, sid: c.get('claims').sid }
    return c.json(await readUserSessions(c.get('platform'), c.get('readAsCaller'), whose, c.req.valid('query')), 200)
  })
  .openapi(endSessionsRoute, async (c) => {
    await endUserSessions(c.get('platform'), c.get('caller').account, c.req.valid('param').id)
    return c.body(null, 204)
  })
  .openapi(mailRoute, async (c) => {
    const { account } = c.get('caller')
    await mailUser(c.get('platform'), account, c.req.valid('param').id, c.req.valid('json').kind)
    return c.json({ status: 'mail_sent' as const }, 202)
  })
  .openapi(passwordResetRoute, async (c) => {
    await requirePasswordReset(c.get('platform'), c.get('caller').account, c.req.valid('param').id)
    return c.body(null, 204)
  })
  .openapi(readNoteRoute, async (c) =>
    c.json(await readNote(c.get('platform'), c.get('readAsCaller'), c.req.valid('param').id), 200),
  )
  .openapi(changeNoteRoute, async (c) => {
    const { account } = c.get('caller')
    return c.json(await changeNote(c.get('platform'), account, c.req.valid('param').id, c.req.valid('json').note), 200)
  })
