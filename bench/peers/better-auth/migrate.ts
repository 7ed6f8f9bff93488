import { getMigrations } from 'better-auth/db/migration'
import { auth } from './auth.ts'

/** Makes the tables that the set-up needs, as better-auth documents it for a Worker. */
export default {
  async fetch() {
    const { runMigrations } = await getMigrations(auth.options)
    await runMigrations()
    return new Response('migrated')
  },
}
