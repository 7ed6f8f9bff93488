import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath, URL } from 'node:url'
import { findPython } from './find-program.ts'

const FOLDER = fileURLToPath(new URL('../../../examples/python-api', import.meta.url))

/** In CI a machine without Python fails these tests. Elsewhere they are left out there. */
export const isPythonTested = process.env.CI !== undefined || findPython() !== null

/** Verifies each line that comes in, and answers a line. Only what the example says it raises counts as a refusal. */
const DRIVER = `
import json, sys
import jwt, verify
verify.keys = verify.PublishedKeys(sys.argv[1])
for line in sys.stdin:
    try:
        answer = {"claims": verify.verify(line.strip())}
    except (jwt.InvalidTokenError, verify.KeysUnavailable) as error:
        answer = {"refused": type(error).__name__}
    except Exception as error:
        answer = {"claims": {"crash": repr(error)}}
    print(json.dumps(answer), flush=True)
`

export interface PythonBackend {
  verify(token: string): Promise<unknown>
  stop(): void
}

/** Runs a program of Python in the folder of the example. */
export function runPython(args: string[], variables: Record<string, string>): ChildProcess {
  const program = findPython()
  if (program === null) throw new Error('no Python with PyJWT on this machine')
  const env = { ...process.env, ...variables, PYTHONDONTWRITEBYTECODE: '1' }
  return spawn(program, args, { cwd: FOLDER, env, stdio: ['pipe', 'pipe', 'inherit'] })
}

/** Starts a back end that verifies tokens by the code of the example, and keeps the keys for as long as it lives. */
export function startPythonBackend(issuer: string, jwksUrl: URL): PythonBackend {
  const child = runPython(['-c', DRIVER, jwksUrl.href], { ISSUER: issuer, PYTHONPATH: FOLDER })
  if (child.stdin === null || child.stdout === null) throw new Error('no pipes')
  const { stdin } = child
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    async verify(token) {
      stdin.write(`${token}\n`)
      const { value, done } = await answers.next()
      if (done) return { crash: 'Python has ended' }
      const { claims, refused } = JSON.parse(value) as { claims?: unknown; refused?: string }
      if (refused !== undefined) throw new Error(refused)
      return claims
    },
    stop: () => void child.kill(),
  }
}
