import { Collection, VariableScope } from 'postman-collection'
import { Runner } from 'postman-runtime'

/** What came of one request of a collection. */
export interface Sent {
  id: string
  status: number
  body: string
}

/**
 * Sends requests of a collection in the given order with the engine of Postman, its scripts included. What the reader
 * has set in Postman is in `environment`.
 */
export async function runCollection(
  collection: object,
  ids: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Sent[]> {
  const sent: Sent[] = []
  const values = Object.entries(environment).map(([key, value]) => ({ key, value }))
  const options = {
    environment: new VariableScope({ values }),
    entrypoint: { execute: [...ids], lookupStrategy: 'followOrder' },
  }
  await new Promise<void>((resolve, reject) => {
    new Runner().run(new Collection(collection), options, (error, run) => {
      if (error !== null) return reject(error)
      run.start({
        script: (failure) => failure === null || failure === undefined || reject(failure),
        request: (failure, _cursor, response, _request, item) => {
          if (failure !== null) return reject(failure)
          sent.push({ id: item.id, status: response.code, body: response.text() })
        },
        done: (failure) => (failure === null || failure === undefined ? resolve() : reject(failure)),
      })
    })
  })
  return sent
}
