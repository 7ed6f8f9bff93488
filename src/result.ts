/** The outcome of a pure check. The caller decides what a failure means. */
export type Result<Value, Failure> = { ok: true; value: Value } | { ok: false; error: Failure }
