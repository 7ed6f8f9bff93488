import { mkdirSync } from 'node:fs'

mkdirSync(new URL('../dist/ui', import.meta.url), { recursive: true })
