/**
 * Makes a pattern that asks for properties of Unicode when it is first used. V8 would look up the characters of each
 * property in a literal twice while the Worker starts: when it reads the script, and when it makes the pattern
 * (docs/decisions/0019-bundle.md).
 */
export function unicodePattern(source: string, flags = 'u'): () => RegExp {
  let pattern: RegExp | null = null
  return () => {
    pattern ??= new RegExp(source, flags)
    return pattern
  }
}
