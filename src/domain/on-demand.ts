/**
 * Stands for an object that is built when something of it is first used. A schema of zod takes a Worker longer to
 * build than to use, and an isolate uses few of them (docs/decisions/0019-bundle.md).
 */
export function onDemand<Built extends object>(build: () => Built): Built {
  let built: Built | null = null
  const use = () => {
    built ??= build()
    return built
  }
  return new Proxy({} as Built, { get: (_, name) => Reflect.get(use(), name), has: (_, name) => name in use() })
}
