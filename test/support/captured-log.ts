import { vi } from 'vitest'
import { showGuard } from './log-leaks.ts'

export interface LogLine {
  level: 'info' | 'warn' | 'error'
  time: string
  message: string
  error?: { name: string; message: string; stack: string; cause?: unknown }
  [field: string]: unknown
}

/**
 * Collects what the Worker logs, instead of printing it, until `release` is called. The log guard reads it all the
 * same.
 */
export function captureLog(): { texts: string[]; lines: () => LogLine[]; release: () => void } {
  const texts: string[] = []
  const spies = (['log', 'info', 'warn', 'error', 'debug'] as const).map((level) =>
    vi.spyOn(console, level).mockImplementation((...line: unknown[]) => {
      texts.push(line.join(' '))
    }),
  )
  return {
    texts,
    lines: () => texts.map((text) => JSON.parse(text) as LogLine),
    release: () => {
      for (const spy of spies) spy.mockRestore()
      showGuard(texts)
    },
  }
}
