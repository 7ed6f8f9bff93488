import { createClient } from 'postern/client'

export const auth = createClient({ baseUrl: import.meta.env.VITE_AUTH_URL ?? 'http://localhost:8787' })
