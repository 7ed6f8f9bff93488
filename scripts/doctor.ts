/** `npm run doctor [-- development]` names every variable that would stop the Worker, before it is deployed. */
import { checkEnvironment, ENVIRONMENTS, printProblems } from './lib/variables.ts'

const asked = process.argv[2] ?? 'production'
const environment = ENVIRONMENTS.find((name) => name === asked)
if (environment === undefined) {
  console.error(`There is no environment ${asked}. Name ${ENVIRONMENTS.join(' or ')}.`)
  process.exit(2)
}

const problems = await checkEnvironment(environment)
if (problems.length === 0) {
  console.log(`Every variable of ${environment} is in order.`)
} else {
  console.error(`With these variables of ${environment} the Worker would refuse to serve. Correct each:`)
  printProblems(problems)
  console.error(
    environment === 'production'
      ? 'Settings stand in wrangler.toml under [env.production.vars]; secrets in .dev.vars.production or the shell.\n' +
          'npm run deploy knows which secrets production has already, and makes AUTH_SECRET at the first deployment.'
      : 'Settings stand in wrangler.toml under [env.development.vars]; secrets in .dev.vars or the shell.',
  )
  process.exitCode = 1
}
