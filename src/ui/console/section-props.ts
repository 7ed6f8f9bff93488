import type { Permission } from '../../domain/permissions.ts'

/** What each section gets. */
export interface SectionProps {
  address: URLSearchParams
  /** Tells whether the reader may do something. The service decides; the console shows what it would allow. */
  may(permission: Permission): boolean
}
