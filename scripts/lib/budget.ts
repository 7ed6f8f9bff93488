/** What the Worker may cost, as `scripts/budget.json` says, or what it does cost. Sizes are KiB. */
export interface Costs {
  /** The script and the WebAssembly, gzipped. */
  codeGzippedKiB: number
  /** What the code reads, gzipped. */
  dataGzippedKiB: number
  /** The CPU time of the start, as a multiple of that of a Worker with nothing but Hono. */
  startUpRatio: number
  /** Each package in the script, minified but not gzipped. */
  packagesMinifiedKiB: Readonly<Record<string, number>>
}

/** Lists in sentences where the Worker costs more than it may, and which packages and lines have no counterpart. */
export function findExcesses(budget: Costs, costs: Costs): string[] {
  const excesses: string[] = []
  const compare = (what: string, cost: number, allowed: number) => {
    if (cost > allowed) excesses.push(`${what}: ${cost}, and ${allowed} are allowed`)
  }
  for (const [name, size] of Object.entries(costs.packagesMinifiedKiB)) {
    const allowed = budget.packagesMinifiedKiB[name]
    if (allowed === undefined) excesses.push(`${name} (${size} KiB) has no line: add one that says what it may cost`)
    else compare(`KiB of ${name}`, size, allowed)
  }
  for (const name of Object.keys(budget.packagesMinifiedKiB))
    if (!(name in costs.packagesMinifiedKiB)) excesses.push(`${name} is not in the Worker any more: remove its line`)
  compare('KiB of script and WebAssembly, gzipped', costs.codeGzippedKiB, budget.codeGzippedKiB)
  compare('KiB of data, gzipped', costs.dataGzippedKiB, budget.dataGzippedKiB)
  compare('times the CPU of a bare start', costs.startUpRatio, budget.startUpRatio)
  return excesses
}
