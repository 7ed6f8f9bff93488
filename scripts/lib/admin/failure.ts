/** Something that stops a command. Its message says in a sentence what happened and what to do. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly exitCode: 1 | 2
  constructor(message: string, exitCode: 1 | 2 = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
