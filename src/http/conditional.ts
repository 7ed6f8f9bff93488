import type { AnyContext } from './context.ts'

/** A part of a content, in bytes. */
export interface ByteRange {
  offset: number
  length: number
}

/** Tells whether the client has this content already (RFC 9110 §13.1.2), by its strong tag or a weak one. */
export function isKnown(c: AnyContext, tag: string): boolean {
  const known = c.req.header('If-None-Match')
  return known?.split(',').some((one) => ['*', tag, `W/${tag}`].includes(one.trim())) ?? false
}

/**
 * Reads which part of a content the client asks for. It is null where the whole is to be sent: also where several parts
 * are asked for, or one that does not exist, because a server may ignore a range (RFC 9110 §14.2), and where the client
 * has a part of another content (§13.1.5).
 */
export function readRange(c: AnyContext, tag: string, size: number): ByteRange | null {
  const condition = c.req.header('If-Range')
  if (condition !== undefined && condition !== tag) return null
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(c.req.header('Range')?.trim() ?? '') ?? []
  if (first === '' && last === '') return null
  const offset = first === '' ? Math.max(size - Number(last), 0) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(Number(last) + 1, size)
  return offset < end ? { offset, length: end - offset } : null
}
