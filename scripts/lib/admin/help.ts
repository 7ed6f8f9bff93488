import type { Command } from './command.ts'

const COMMON = `  --remote  production, at its ISSUER of wrangler.toml; otherwise this machine (--local)
  --json    print each result as a line of JSON
  --help    explain the command`

const toUsage = ({ name, takes = [] }: Command) => [name, ...takes.map((word) => `<${word}>`)].join(' ')

export function describeCommands(commands: readonly Command[]): string {
  const width = Math.max(...commands.map((command) => toUsage(command).length))
  const lines = commands.map((command) => `  ${toUsage(command).padEnd(width)}  ${command.summary}`)
  return ['Usage: npm run admin -- <command> [options]', '', ...lines, '', COMMON].join('\n')
}

export function describeCommand(command: Command): string {
  const { explains = {}, permission, summary } = command
  const options = Object.entries(explains).map(([name, explanation]) => `  --${name}  ${explanation}`)
  const needs = permission === undefined ? [] : ['', `Needs the permission ${permission}.`]
  return [`Usage: npm run admin -- ${toUsage(command)} [options]`, summary, ...needs, '', ...options, COMMON].join('\n')
}
