import { JSON_MAX_DEPTH } from '../config.ts'
import type { Result } from '../result.ts'

/** Matches, in valid JSON, every string and, where it is a member's name, the colon behind it. */
const STRINGS = /"(?:[^"\\]|\\.)*"(\s*:)?/g

/**
 * Reads JSON, and refuses whatever two parsers may read differently: another encoding than UTF-8, a member that occurs
 * twice (RFC 8259 §4 leaves that open), lone surrogates, and deep nesting. The error is a sentence for whoever sent it.
 */
export function readStrictJson(bytes: ArrayBuffer | Uint8Array): Result<{ text: string; value: unknown }, string> {
  let text: string
  let value: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    value = JSON.parse(text)
  } catch {
    return { ok: false, error: 'Send JSON in UTF-8.' }
  }
  try {
    const names = [...text.matchAll(STRINGS)].filter(([, colon]) => colon !== undefined).length
    return names === countMembers(value, 0)
      ? { ok: true, value: { text, value } }
      : { ok: false, error: 'Send each member once.' }
  } catch (error) {
    if (error instanceof Fault) return { ok: false, error: error.message }
    throw error
  }
}

class Fault extends Error {}

/** Counts the members in all objects of a value. @throws {Fault} */
function countMembers(value: unknown, depth: number): number {
  if (depth > JSON_MAX_DEPTH) throw new Fault('The body is nested too deeply.')
  if (typeof value === 'string' && !value.isWellFormed()) throw new Fault('A string is not well-formed Unicode.')
  if (typeof value !== 'object' || value === null) return 0
  const isArray = Array.isArray(value)
  let count = 0
  for (const [name, member] of Object.entries(value)) {
    if (!name.isWellFormed()) throw new Fault('A name is not well-formed Unicode.')
    count += countMembers(member, depth + 1) + (isArray ? 0 : 1)
  }
  return count
}
