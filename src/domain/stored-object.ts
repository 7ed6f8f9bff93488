/** Reads a JSON object that is stored. A damaged one has no members, because it must not stop the rows beside it. */
export function readStoredObject<Value>(stored: string): Readonly<Record<string, Value>> {
  try {
    return Object(JSON.parse(stored)) as Readonly<Record<string, Value>>
  } catch {
    return {}
  }
}
