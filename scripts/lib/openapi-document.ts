import { loadSource } from './source.ts'

/** This is all that is used of the Worker, whose full types need those of its platform. */
interface Source {
  app: object
  statementsOf: (app: object) => readonly object[]
  makeDocument: (statements: readonly object[]) => object
}

/** Makes the OpenAPI document of the routes. */
export async function makeOpenApiDocument(): Promise<object> {
  const { app, statementsOf, makeDocument } = await loadSource<Source>('app.ts', 'http/router.ts', 'http/openapi.ts')
  return makeDocument(statementsOf(app))
}
