import type { Reporter, TestUserConfig, Vitest } from 'vitest/node'
import { findLeaks, GUARD_LINES, GUARD_SECRETS } from './log-leaks.ts'

/** Lines of the Worker that match this need not appear in a terminal. Failures and warnings are shown. */
const IS_ROUTINE = /^\{"level":"info"/

const NAME = 'log-guard'
const isGuard = (reporter: unknown) => (reporter as { name?: unknown } | null)?.name === NAME

/**
 * Reads everything that is logged during the whole run, and fails the run when any of it holds a secret, token,
 * password, code or address (ASVS 16.2.5). It is a plugin and not a reporter of the configuration, so that `--reporter`
 * cannot turn it off.
 */
export function logGuard(secrets: Readonly<Record<string, string>>) {
  const lines: string[] = []
  const wanted = new Map(Object.entries(secrets).map(([name, value]) => [value, name]))
  const guard: Reporter & { name: string } = {
    name: NAME,
    onUserConsoleLog({ content }) {
      for (const line of content.split('\n')) {
        if (line.startsWith(GUARD_SECRETS))
          for (const [secret, name] of JSON.parse(line.slice(GUARD_SECRETS.length)) as [string, string][])
            wanted.set(secret, name)
        else if (line.startsWith(GUARD_LINES)) lines.push(...(JSON.parse(line.slice(GUARD_LINES.length)) as string[]))
        else lines.push(line)
      }
    },
    onTestRunEnd() {
      const leaks = lines
        .map((line) => ({ line, found: findLeaks(line, wanted) }))
        .filter(({ found }) => found.length > 0)
      console.log(
        `Log guard: ${lines.length} lines read for ${wanted.size} secrets and for their forms, ${leaks.length} leaks`,
      )
      for (const { line, found } of leaks.slice(0, 20))
        console.error(`LEAK of ${found.join(', ')}: ${line.slice(0, 2000)}`)
      if (leaks.length > 0) process.exitCode = 1
    },
  }
  const test: TestUserConfig = {
    onConsoleLog: (text) =>
      !(text.startsWith('@log-guard') || text.split('\n').every((line) => line === '' || IS_ROUTINE.test(line))),
  }
  return {
    name: NAME,
    config: () => ({ test }),
    configureVitest({ vitest }: { vitest: Vitest }) {
      // Each project of the configuration brings the plugin, and a single guard reads what all of them log.
      const { reporters } = vitest.config as { reporters: unknown[] }
      if (!reporters.some((reporter) => isGuard(reporter))) reporters.push(guard)
    },
  }
}
