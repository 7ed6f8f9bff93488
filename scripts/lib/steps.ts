import { runWrangler } from './wrangler.ts'

export function stop(message: string): never {
  console.error(message)
  process.exit(1)
}

/** Runs a step of wrangler that has to succeed. */
export async function must(step: string, args: readonly string[]): Promise<string> {
  console.log(`· ${step}`)
  const { exitCode, output } = await runWrangler(args)
  if (exitCode !== 0)
    stop(`${output}\n${step}: failed. What was done before it stays; run the command again when it is mended.`)
  return output
}
