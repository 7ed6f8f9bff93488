/**
 * All that a role can permit, with what it lets its holder do. The list is fixed, because each name stands in the code.
 */
export const PERMISSIONS = {
  'users:read': 'List users, search them, and read their accounts.',
  'users:write': 'Change accounts, deactivate them and let them back in, and see and end their sessions.',
  'users:delete': 'Delete accounts.',
  'users:import': 'Import accounts from other systems.',
  'roles:read': 'List roles and permissions.',
  'roles:write': 'Make, change and delete roles.',
  'roles:assign': 'Give roles to users and take them away.',
  'audit:read': 'Read the audit trail.',
  'stats:read': 'Read the statistics.',
  'keys:read': 'Read which keys sign access tokens, and until when.',
  'keys:rotate': 'Let the next key sign access tokens.',
  'webhooks:read': 'Read which endpoints are told of events, and what was sent to them.',
  'webhooks:write': 'Have events of the audit trail sent to endpoints, and change and remove those.',
} as const

export type Permission = keyof typeof PERMISSIONS

/** Gives the permissions of one list that are missing from the other. */
export const missingFrom = (held: readonly string[], wanted: readonly string[]): string[] =>
  wanted.filter((permission) => !held.includes(permission))
