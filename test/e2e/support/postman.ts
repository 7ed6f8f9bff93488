import { Collection, VariableScope } from 'postman-collection'
import { Runner } from 'postman-runtime'

/** What came of one request of a collection. */
interface Sent {
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
  const entrypoint = { execute: [...ids], lookupStrategy: 'followOrder' } as const
  await new Promise<void>((resolve, reject) => {
    const rejectIf = (failure?: Error | null) => {
      if (failure) reject(failure)
    }
    const options = { environment: new VariableScope({ values }), entrypoint }
    new Runner().run(new Collection(collection), options, (failure, run) => {
      if (failure) return reject(failure)
      run.start({
        script: rejectIf,
        request: (failure, ...[, response, , item]) => {
          if (failure) return reject(failure)
          sent.push({ id: item.id, status: response.code, body: response.text() })
        },
        done: (failure) => (failure ? reject(failure) : resolve()),
      })
    })
  })
  return sent
}
