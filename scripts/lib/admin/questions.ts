import { createInterface, type Interface } from 'node:readline'
import { Writable } from 'node:stream'
import { Failure } from './failure.ts'

/** Asks the operator, who answers in the terminal or by lines of standard input. */
export interface Questions {
  ask(question: string): Promise<string>
  /** Asks for a password or a code, which the terminal does not show. */
  askSecret(question: string): Promise<string>
  close(): void
}

/**
 * Opens standard input at the first question. Secrets are never taken from arguments, which other users of the machine
 * and the history of the shell can read.
 */
export function openQuestions(): Questions {
  let lines: Interface | null = null
  let answers: NodeJS.AsyncIterator<string> | null = null
  let isHidden = false
  const echo = new Writable({
    write(chunk, _encoding, done) {
      if (!isHidden) process.stderr.write(chunk)
      done()
    },
  })

  const open = () => {
    lines = createInterface({ input: process.stdin, output: echo, terminal: process.stdin.isTTY === true })
    lines.on('SIGINT', () => process.exit(130))
    return lines[Symbol.asyncIterator]()
  }
  const ask = async (question: string, hides: boolean) => {
    process.stderr.write(`${question}: `)
    isHidden = hides
    answers ??= open()
    const { done, value } = await answers.next()
    if (hides || !process.stdin.isTTY) process.stderr.write('\n')
    if (done) throw new Failure(`Standard input ended where this was asked for: ${question}. Give it as a line.`)
    return value
  }
  return {
    ask: (question) => ask(question, false),
    askSecret: (question) => ask(question, true),
    close: () => lines?.close(),
  }
}
