import { env } from 'cloudflare:workers'
import { betterAuth } from 'better-auth'
import { jwt, twoFactor } from 'better-auth/plugins'

interface Bindings {
  DB: D1Database
  BETTER_AUTH_URL: string
  BETTER_AUTH_SECRET: string
}
const { DB, BETTER_AUTH_URL, BETTER_AUTH_SECRET } = env as Bindings

/** better-auth as its documentation sets it up on D1: everything that is not named here has its default. */
export const auth = betterAuth({
  baseURL: BETTER_AUTH_URL,
  secret: BETTER_AUTH_SECRET,
  database: DB,
  emailAndPassword: { enabled: true },
  plugins: [jwt(), twoFactor()],
  rateLimit: { enabled: false },
})
