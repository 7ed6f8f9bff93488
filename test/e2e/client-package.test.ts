import { glob, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientPackage, type Project, packClient } from './support/client-package.ts'

let client: ClientPackage
let project: Project

beforeAll(async () => {
  client = await packClient()
  const others = ['vite', 'typescript', 'react', 'react-dom', '@types/react', '@types/react-dom']
  project = await client.installInto('spa-react', ...others)
})
afterAll(() => client?.remove())

const readTypes = async () => {
  const texts: string[] = []
  const folder = join(project.folder, 'node_modules/postern/dist/client')
  for await (const name of glob('*.d.ts', { cwd: folder })) texts.push(await readFile(join(folder, name), 'utf8'))
  return texts.join('\n')
}

describe('the package of the client', () => {
  it('is small, and holds the client alone', () => {
    expect(client.bytes).toBeLessThan(40_000)
    const others = client.files.filter((path) => !/^dist\/client\/[\w-]+\.(js|d\.ts)$/.test(path))
    expect(others.sort()).toEqual(['README.md', 'package.json'])
  })

  it('brings no dependency', () => {
    expect(client.manifest).not.toHaveProperty('dependencies')
    expect(Object.keys(client.manifest.exports)).toEqual(['./client', './client/react'])
  })

  it('has types that name nothing of the server', async () => {
    const types = await readTypes()
    const imported = [...types.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g)].map(([, name]) => name)
    expect(imported.length).toBeGreaterThan(5)
    expect(imported.filter((name) => !/^\.\/[\w-]+\.js$/.test(name ?? ''))).toEqual([])
  })

  it('type-checks in a fresh Vite project, with the declarations checked too', async () => {
    await project.run('typescript/bin/tsc', ['--skipLibCheck', 'false'])
  })

  it('lets the compiler refuse a wrong route, a wrong body and an unknown code', async () => {
    const wrong = `import { createClient, PosternError } from 'postern/client'
const auth = createClient()
// @ts-expect-error There is no such route.
void auth.request('GET /nowhere')
// @ts-expect-error Only a back end has the secret for this one.
void auth.request('POST /auth/introspect')
// @ts-expect-error The route needs an id.
void auth.request('DELETE /auth/sessions/{id}')
// @ts-expect-error An address is a text.
void auth.register({ email: 1, password: 'x' })
// @ts-expect-error The client fills delivery in.
void auth.request('POST /auth/login', { body: { identifier: 'a', password: 'b', delivery: 'body' } })
// @ts-expect-error Nothing is refused by this code.
export const isOdd = (error: PosternError) => error.code === 'no_such_code'
`
    await writeFile(join(project.folder, 'src/wrong.ts'), wrong)
    await project.run('typescript/bin/tsc')
  })

  it('is built into a page by Vite', async () => {
    await project.run('vite/bin/vite.js', ['build', '--logLevel', 'error'])
    const folder = join(project.folder, 'dist/assets')
    const scripts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
    expect(scripts.join('')).toContain('/auth/refresh')
  })
})
