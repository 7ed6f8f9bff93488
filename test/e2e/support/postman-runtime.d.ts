/** The part of Postman's engine that the tests use. It has no types of its own. */
declare module 'postman-runtime' {
  import type { Collection, Item, Request, Response, VariableScope } from 'postman-collection'

  type Failure = Error | null | undefined
  interface Run {
    start(callbacks: {
      script(failure: Failure): unknown
      request(failure: Failure, cursor: object, response: Response, request: Request, item: Item): unknown
      done(failure: Failure): unknown
    }): void
  }
  interface Options {
    environment: VariableScope
    entrypoint: { execute: string[]; lookupStrategy: string }
  }
  export class Runner {
    run(collection: Collection, options: Options, callback: (error: Failure, run: Run) => unknown): void
  }
}
