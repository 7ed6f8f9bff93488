import {
  type ApiDocument,
  type Body,
  listOperations,
  makeExample,
  type Operation,
  type Parameter,
  resolveSchema,
} from '../../src/ui/docs/document.ts'

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'

/**
 * Members that are the same thing in several requests, and the variable that stands for them. Whoever sets the variable
 * once has set it everywhere.
 */
const SHARED: Readonly<Record<string, string>> = {
  email: 'email',
  identifier: 'email',
  password: 'password',
  currentPassword: 'password',
  refreshToken: 'refreshToken',
}

/** Keeps what the next requests need: the tokens of a session, and the ticket of something that has another step. */
const KEEP_ANSWER = [
  "const isJson = /^application\\/json\\b/.test(pm.response.headers.get('Content-Type') ?? '')",
  'const answer = isJson ? pm.response.json() : {}',
  'const { accessToken, refreshToken } = answer.tokens ?? answer',
  'for (const [name, value] of Object.entries({ accessToken, refreshToken, ticket: answer.ticket }))',
  "  if (typeof value === 'string') pm.collectionVariables.set(name, value)",
]

/** Says which variables there are, and what each of them is at the beginning. */
type Variables = Map<string, string>

/** Makes a Postman collection (format 2.1) of every operation of the document, with a folder for each tag. */
export function makeCollection(document: ApiDocument, baseUrl: string): object {
  const { title, version, description } = document.info
  const variables: Variables = new Map([
    ['baseUrl', baseUrl],
    ['accessToken', ''],
    ['refreshToken', ''],
  ])
  const folders = Map.groupBy(listOperations(document), ({ tag }) => tag)
  const item = [...folders].map(([name, operations]) => ({
    name,
    item: operations.map((operation) => makeItem(document, operation, variables)),
  }))
  return {
    info: { name: title, version, description, schema: SCHEMA },
    item,
    auth: { type: 'bearer', bearer: [attribute('token', '{{accessToken}}')] },
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: KEEP_ANSWER } }],
    variable: [...variables].map(([key, value]) => ({ key, value, type: 'string' })),
  }
}

function makeItem(document: ApiDocument, operation: Operation, variables: Variables): object {
  const { id, method, summary, description, body } = operation
  return {
    id,
    name: summary,
    request: {
      method,
      url: makeUrl(document, operation, variables),
      ...(description === undefined ? {} : { description }),
      ...makeAuth(operation, variables),
      ...(body === null ? {} : makeBody(document, body, variables)),
    },
    response: [],
  }
}

const attribute = (key: string, value: string) => ({ key, value, type: 'string' })

/** A route of a session has the authorization of the whole collection. */
function makeAuth({ opener }: Operation, variables: Variables): object {
  if (opener === 'session') return {}
  if (opener === null) return { auth: { type: 'noauth' } }
  const basic = [
    attribute('username', name(variables, 'clientId')),
    attribute('password', name(variables, 'clientSecret')),
  ]
  return { auth: { type: 'basic', basic } }
}

/** Writes the name of a variable, which is known from then on. */
function name(variables: Variables, variable: string, value = ''): string {
  if (!variables.get(variable)) variables.set(variable, value)
  return `{{${variable}}}`
}

function makeUrl(document: ApiDocument, { path, parameters }: Operation, variables: Variables): object {
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  const inQuery = parameters.filter((parameter) => parameter.in === 'query')
  const segments = path.slice(1).replace(/\{(\w+)\}/g, ':$1')
  return {
    raw: `{{baseUrl}}/${segments}`,
    host: ['{{baseUrl}}'],
    path: segments.split('/'),
    ...(inQuery.length === 0
      ? {}
      : {
          query: inQuery.map((parameter) => ({
            ...describe(parameter, String(exampleOf(document, parameter, () => ''))),
            ...(parameter.required ? {} : { disabled: true }),
          })),
        }),
    ...(inPath.length === 0
      ? {}
      : {
          variable: inPath.map((parameter) =>
            describe(parameter, String(exampleOf(document, parameter, (unknown) => name(variables, unknown)))),
          ),
        }),
  }
}

const exampleOf = (document: ApiDocument, { name, schema }: Parameter, unknown: (name: string) => string) =>
  makeExample(document, schema, unknown, name)

const describe = ({ name: key, schema: { description } }: Parameter, value: string) => ({
  key,
  value,
  ...(description === undefined ? {} : { description }),
})

function makeBody(document: ApiDocument, { media, schema }: Body, variables: Variables): object {
  if (media === 'image/*') return { body: { mode: 'file', file: {} } }
  const header = [{ key: 'Content-Type', value: media }]
  const example = makeExample(document, schema, (unknown) => name(variables, unknown || 'lines'))
  if (typeof example === 'string') return { header, body: { mode: 'raw', raw: example } }
  const { properties = {} } = resolveSchema(document, schema)
  const shared = Object.entries(SHARED).filter(([member]) => member in { ...properties, ...(example as object) })
  const filled = shared.map(([member, variable]): [string, string] => {
    const { example = '' } = properties[member] ?? {}
    return [member, name(variables, variable, String(example))]
  })
  const members = Object.entries({ ...(example as object), ...Object.fromEntries(filled) })
  if (media === 'application/x-www-form-urlencoded')
    return { header, body: { mode: 'urlencoded', urlencoded: members.map(([key, value]) => ({ key, value })) } }
  const raw = JSON.stringify(Object.fromEntries(members), null, 2)
  return { header, body: { mode: 'raw', raw, options: { raw: { language: 'json' } } } }
}
