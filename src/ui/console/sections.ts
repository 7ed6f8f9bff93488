import type { ComponentType } from 'preact'
import type { Permission } from '../../domain/permissions.ts'
import type { SectionProps } from './section-props.ts'

interface Section {
  /** Without this permission the section is not shown. */
  permission: Permission | null
  load(): Promise<ComponentType<SectionProps>>
}

/** The sections in the order of the navigation. The script of each is loaded when somebody goes there. */
export const SECTIONS = {
  users: { permission: 'users:read', load: async () => (await import('./users/users.tsx')).Users },
  import: { permission: 'users:import', load: async () => (await import('./import/import.tsx')).Import },
  roles: { permission: 'roles:read', load: async () => (await import('./roles/roles.tsx')).Roles },
  audit: { permission: 'audit:read', load: async () => (await import('./audit/audit.tsx')).Audit },
  statistics: {
    permission: 'stats:read',
    load: async () => (await import('./statistics/statistics.tsx')).Statistics,
  },
  mails: { permission: 'audit:read', load: async () => (await import('./mails/mails.tsx')).Mails },
  webhooks: { permission: 'webhooks:read', load: async () => (await import('./webhooks/webhooks.tsx')).Webhooks },
  keys: { permission: 'keys:read', load: async () => (await import('./keys/keys.tsx')).Keys },
  health: { permission: null, load: async () => (await import('./health/health.tsx')).HealthReport },
} as const satisfies Record<string, Section>

export type SectionId = keyof typeof SECTIONS

export const isSection = (id: string | null): id is SectionId => id !== null && Object.hasOwn(SECTIONS, id)

/** Loads the script of the section that an address names while the page still asks who is signed in. */
export function preloadSection(id: string | null): void {
  SECTIONS[isSection(id) ? id : 'users'].load().catch(() => {
    // Whoever goes there loads it again, and reads what went wrong.
  })
}
