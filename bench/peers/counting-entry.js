/**
 * Stands before a service and counts its calls of bindings. The bindings are changed in place, because a service may
 * import them instead of taking them from its arguments. `GET /counts` answers the counts since it was last asked.
 */
import { env } from 'cloudflare:workers'
import service from './index.js'

export * from './index.js'

const NONE = { d1Trips: 0, rowsRead: 0, rowsWritten: 0, kvReads: 0, kvWrites: 0, objectCalls: 0, messages: 0 }
let counts = { ...NONE }

/** Each round trip to D1 is one request, whose answer tells how many rows each statement touched. */
function countDatabase(database) {
  const { fetcher } = database
  const counting = {
    fetch: async (...args) => {
      counts.d1Trips += 1
      const response = await fetcher.fetch(...args)
      for (const { meta } of [await response.clone().json()].flat()) {
        counts.rowsRead += meta?.rows_read ?? 0
        counts.rowsWritten += meta?.rows_written ?? 0
      }
      return response
    },
  }
  database.fetcher = counting
  database.alwaysPrimarySession.fetcher = counting
}

function countMethods(binding, names, column) {
  for (const name of names) {
    const method = binding[name].bind(binding)
    binding[name] = (...args) => {
      counts[column] += 1
      return method(...args)
    }
  }
}

/** Every call of a method of an object is a request to it. */
function countObjects(namespace) {
  const observe = (stub) =>
    new Proxy(stub, {
      get: (target, name) => {
        if (typeof target[name] !== 'function' || name === 'then') return target[name]
        return (...args) => {
          counts.objectCalls += 1
          return target[name](...args)
        }
      },
    })
  for (const name of ['get', 'getByName']) {
    const find = namespace[name].bind(namespace)
    namespace[name] = (...args) => observe(find(...args))
  }
}

for (const binding of Object.values(env)) {
  if (binding === null || typeof binding !== 'object') continue
  if ('prepare' in binding) countDatabase(binding)
  else if ('getWithMetadata' in binding) {
    countMethods(binding, ['get', 'getWithMetadata', 'list'], 'kvReads')
    countMethods(binding, ['put', 'delete'], 'kvWrites')
  } else if ('idFromName' in binding) countObjects(binding)
  else if ('sendBatch' in binding) countMethods(binding, ['send', 'sendBatch'], 'messages')
}

export default {
  ...service,
  fetch(request, ...context) {
    if (new URL(request.url).pathname !== '/counts') return service.fetch(request, ...context)
    const answer = Response.json(counts)
    counts = { ...NONE }
    return answer
  },
}
