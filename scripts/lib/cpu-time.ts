import { readdir, readFile } from 'node:fs/promises'

/**
 * Reads the CPU time of a process in milliseconds. It adds up the time of all threads, which the kernel counts in
 * nanoseconds; `/proc/<pid>/stat` rounds it to 10 ms.
 */
export async function readCpuMs(pid: number | string): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const lines = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')))
  return lines.reduce((total, line) => total + Number(line.split(' ')[0]), 0) / 1e6
}
