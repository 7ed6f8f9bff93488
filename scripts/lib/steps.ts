import { runWrangler } from './wrangler.ts'

export function stop(message: string): never {
  console.error(message)
  process.exit(1)
}

/** Runs a command of wrangler that must succeed, and ends the script with what it printed if it does not. */
export async function must(step: string, args: readonly string[]): Promise<string> {
  console.log(`· ${step}`)
  const { exitCode, output } = await runWrangler(args)
  if (exitCode !== 0)
    stop(
      `${output}\nThis step failed: ${step}. What was done before it stays. Fix the cause, then run the command again.`,
    )
  return output
}
