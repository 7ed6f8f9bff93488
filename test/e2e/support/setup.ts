import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

// Wrangler lists the Workers that run on this machine in a folder, so that they can find each other by name. The
// service has the same name in each test file, and files that run at once must not find each other's.
const registry = await mkdtemp(join(tmpdir(), 'postern-registry-'))
process.env.WRANGLER_REGISTRY_PATH = registry
afterAll(() => rm(registry, { recursive: true, force: true }))
