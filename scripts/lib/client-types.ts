/** A JSON schema, as far as the OpenAPI document of this service uses it. */
interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  additionalProperties?: boolean | Schema
  description?: string
}

type Content = Record<string, { schema?: Schema }>

interface Operation {
  summary?: string
  security?: Record<string, unknown>[]
  parameters?: { name: string; in: string; required?: boolean; schema: Schema; description?: string }[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, { content?: Content }>
}

export interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete']
const JSON_TYPE = 'application/json'

const LINE_WIDTH = 120

/** Writes a doc comment, in more lines where one would be too wide. */
function comment(text: string | undefined, indent: string): string {
  if (text === undefined) return ''
  const plain = text.replaceAll('*/', '*').replace(/\s+/g, ' ')
  const line = `${indent}/** ${plain} */\n`
  if (line.length <= LINE_WIDTH) return line
  const width = LINE_WIDTH - `${indent} * `.length
  const lines = plain.match(new RegExp(`.{1,${width}}(?:\\s|$)`, 'g')) ?? []
  return `${indent}/**\n${lines.map((text) => `${indent} * ${text.trim()}\n`).join('')}${indent} */\n`
}

const quoteName = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name))

function writeObject({ properties = {}, required = [], additionalProperties }: Schema, indent: string): string {
  const inner = `${indent}  `
  const members = Object.entries(properties).map(([name, schema]) => {
    const mark = required.includes(name) ? '' : '?'
    return `${comment(schema.description, inner)}${inner}${quoteName(name)}${mark}: ${writeType(schema, inner)}\n`
  })
  if (members.length > 0) return `{\n${members.join('')}${indent}}`
  const values = typeof additionalProperties === 'object' ? writeType(additionalProperties, indent) : 'unknown'
  return `Record<string, ${values}>`
}

function writeType(schema: Schema, indent = ''): string {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/components/schemas/', '')
  if (schema.anyOf !== undefined) return schema.anyOf.map((option) => writeType(option, indent)).join(' | ')
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  if (Array.isArray(schema.type)) return schema.type.map((type) => writeType({ ...schema, type }, indent)).join(' | ')
  switch (schema.type) {
    case 'object':
      return writeObject(schema, indent)
    case 'array':
      return `readonly (${writeType(schema.items ?? {}, indent)})[]`
    case 'integer':
      return 'number'
    case undefined:
      return 'unknown'
    default:
      return schema.type
  }
}

/** Leaves `delivery` out: the client sends it, so that a page cannot get tokens into a body by leaving it out. */
function withoutDelivery(schema: Schema): Schema {
  const { delivery, ...properties } = schema.properties ?? {}
  return delivery === undefined ? schema : { ...schema, properties }
}

function writeBody({ content, required }: NonNullable<Operation['requestBody']>): string {
  const schema = content[JSON_TYPE]?.schema
  return `    body${required ? '' : '?'}: ${schema === undefined ? 'Blob' : writeType(schema, '    ')}\n`
}

function writeParameters(operation: Operation, place: 'path' | 'query'): string {
  const parameters = (operation.parameters ?? []).filter((parameter) => parameter.in === place)
  if (parameters.length === 0) return ''
  const schema: Schema = {
    type: 'object',
    properties: Object.fromEntries(
      parameters.map(({ name, schema, description }) => [name, { ...schema, ...(description ? { description } : {}) }]),
    ),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  }
  const mark = schema.required?.length === 0 ? '?' : ''
  return `    ${place}${mark}: ${writeType(schema, '    ')}\n`
}

function writeAnswer({ responses }: Operation): string {
  const types = Object.entries(responses).flatMap(([status, { content }]) => {
    if (!/^2/.test(status)) return []
    if (content === undefined) return ['undefined']
    return [content[JSON_TYPE]?.schema === undefined ? 'Blob' : writeType(content[JSON_TYPE].schema, '    ')]
  })
  return `    answer: ${[...new Set(types)].join(' | ')}\n`
}

/** Tells whether a page may ask for this: no redirect, and nothing that only another service has the secret for. */
const isForPages = ({ security = [], responses }: Operation) =>
  Object.keys(responses).some((status) => /^2/.test(status)) && !security.some((scheme) => 'client' in scheme)

/** Finds the schemas that a text names, and those that these name. */
function findNamed(text: string, schemas: Document['components']['schemas'], found = new Set<string>()): Set<string> {
  for (const name of Object.keys(schemas)) {
    if (found.has(name) || !new RegExp(`\\b${name}\\b`).test(text)) continue
    found.add(name)
    findNamed(writeType(schemas[name] ?? {}), schemas, found)
  }
  return found
}

/**
 * Writes the types of every route that a page may use, with the schemas they name, and the codes of all refusals. The
 * text needs nothing else, so the client's package names nothing of the server.
 */
export function writeClientTypes({ paths, components: { schemas } }: Document, codes: readonly string[]): string {
  const routes = Object.entries(paths).flatMap(([path, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method]
      if (operation === undefined || !isForPages(operation)) return []
      const parts = [writeParameters(operation, 'path'), writeParameters(operation, 'query')]
      if (operation.requestBody !== undefined) parts.push(writeBody(operation.requestBody))
      parts.push(writeAnswer(operation))
      const key = `  '${method.toUpperCase()} ${path}': {\n${parts.join('')}  }\n`
      return [`${comment(operation.summary, '  ')}${key}`]
    }),
  )
  const text = routes.join('')
  const named = [...findNamed(`${text} Problem`, schemas)].sort()
  const types = named.map((name) => `export type ${name} = ${writeType(withoutDelivery(schemas[name] ?? {}))}\n`)
  return [
    '// `npm run client-types` makes this file from openapi.json. Do not edit it.\n',
    `/** What the service refuses, by the code of its problem document. */\nexport type RefusalCode =\n${codes.map((code) => `  | '${code}'\n`).join('')}`,
    ...types,
    `/** Every route that a page may use: what it takes, and what it answers. */\nexport interface Routes {\n${text}}\n`,
  ].join('\n')
}
