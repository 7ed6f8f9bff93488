import { statsFollower } from '../stats/follower.ts'
import { webhookFollower } from '../webhooks/follower.ts'
import type { AuditFollower } from './follower.ts'

/** All that follow the audit trail, in the order in which their statements run. */
export const AUDIT_FOLLOWERS: readonly AuditFollower[] = [statsFollower, webhookFollower]
