import { Failure } from './failure.ts'

/** Answers where the service is: production's ISSUER, or where `npm start` serves. */
export async function findOrigin(isRemote: boolean): Promise<string | null> {
  if (!isRemote) return `http://localhost:${process.env.PORT || '8787'}`
  // It loads wrangler, which takes longer than everything else.
  const { readConfig } = await import('../variables.ts')
  const { ISSUER } = readConfig('production').vars
  return typeof ISSUER === 'string' ? ISSUER : null
}

export function assertKnown(origin: string | null): string {
  if (origin !== null) return origin
  throw new Failure('Nobody knows where production is. Set ISSUER under [env.production.vars] in wrangler.toml.')
}
