import { Hono } from 'hono'
import { auth } from './auth.ts'

const app = new Hono()
app.all('/api/auth/*', (c) => auth.handler(c.req.raw))

export default app
