/** The parts of Postman's engine that the tests use. It has no types of its own. */
declare module 'postman-collection' {
  export class Collection {
    constructor(definition: object)
  }
  export class VariableScope {
    constructor(definition: { values: { key: string; value: string }[] })
  }
}

declare module 'postman-runtime' {
  import type { Collection, VariableScope } from 'postman-collection'

  type Failure = Error | null | undefined
  type Sent = [cursor: object, response: { code: number; text(): string }, request: object, item: { id: string }]
  interface Run {
    start(callbacks: {
      script(failure: Failure): unknown
      request(failure: Failure, ...sent: Sent): unknown
      done(failure: Failure): unknown
    }): void
  }
  interface Options {
    environment: VariableScope
    entrypoint: { execute: readonly string[]; lookupStrategy: 'followOrder' }
  }
  export class Runner {
    run(collection: Collection, options: Options, callback: (failure: Failure, run: Run) => unknown): void
  }
}
