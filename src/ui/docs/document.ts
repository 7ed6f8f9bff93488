/** A JSON schema, as far as the OpenAPI document of this service uses it. */
export interface Schema {
  $ref?: string
  type?: string | readonly string[]
  format?: string
  enum?: readonly unknown[]
  anyOf?: readonly Schema[]
  items?: Schema
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  additionalProperties?: boolean | Schema
  description?: string
  example?: unknown
  default?: unknown
  minimum?: number
}

export interface Parameter {
  name: string
  in: 'path' | 'query'
  required?: boolean
  schema: Schema
}

export interface Body {
  isRequired: boolean
  media: string
  schema: Schema
}

/** What opens a route: a session, the secret of another service, or nothing. */
type Opener = 'session' | 'client' | null

export interface Operation {
  /** It names the operation in the address of the page, such as `post-auth-login`. */
  id: string
  method: string
  path: string
  tag: string
  summary: string
  description: string | undefined
  opener: Opener
  parameters: readonly Parameter[]
  body: Body | null
  answers: readonly { status: string; description: string; media: string | null; schema: Schema | null }[]
}

type Content = Readonly<Record<string, { schema: Schema }>>

export interface ApiDocument {
  info: { title: string; version: string; description: string }
  paths: Readonly<Record<string, Readonly<Record<string, RawOperation>>>>
  components: { schemas: Readonly<Record<string, Schema>> }
}

interface RawOperation {
  tags: readonly string[]
  summary: string
  description?: string
  security?: readonly object[]
  parameters?: readonly Parameter[]
  requestBody?: { required?: boolean; content: Content }
  responses: Readonly<Record<string, { description: string; content?: Content }>>
}

/** Lists every operation of the document, in its order. */
export function listOperations({ paths }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => readOperation(method, path, operation)),
  )
}

function readOperation(method: string, path: string, raw: RawOperation): Operation {
  const [media, content] = Object.entries(raw.requestBody?.content ?? {})[0] ?? []
  const isRequired = raw.requestBody?.required ?? false
  return {
    id: `${method}${path}`.replace(/[^a-z0-9]+/gi, '-').replace(/-$/, ''),
    method: method.toUpperCase(),
    path,
    tag: raw.tags[0] ?? '',
    summary: raw.summary,
    description: raw.description,
    opener: openerOf(raw.security ?? []),
    parameters: raw.parameters ?? [],
    body: media === undefined || content === undefined ? null : { isRequired, media, schema: content.schema },
    answers: Object.entries(raw.responses).map(([status, response]) => {
      const [media, content] = Object.entries(response.content ?? {})[0] ?? []
      return { status, description: response.description, media: media ?? null, schema: content?.schema ?? null }
    }),
  }
}

function openerOf(security: readonly object[]): Opener {
  if (security.some((scheme) => 'client' in scheme)) return 'client'
  return security.length > 0 ? 'session' : null
}

/** Follows the name of a schema to the schema. */
export function resolveSchema({ components }: ApiDocument, schema: Schema): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '')
  return name === undefined ? schema : (components.schemas[name] ?? {})
}

/** Tells what to write for a text of which the document has no example. */
export type Unknown = (name: string) => string

/**
 * Makes an example of what a schema describes. Members that may be left out are in it only where the document says what
 * to write there.
 */
export function makeExample(document: ApiDocument, given: Schema, unknown: Unknown, name = ''): unknown {
  const schema = resolveSchema(document, given)
  const known = schema.example ?? schema.default ?? schema.enum?.[0]
  if (known !== undefined) return known
  if (schema.anyOf?.[0] !== undefined) return makeExample(document, schema.anyOf[0], unknown, name)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  if (type === 'string') return unknown(name)
  if (type === 'integer' || type === 'number') return schema.minimum ?? 0
  if (type === 'boolean') return false
  if (type === 'array') return schema.items === undefined ? [] : [makeExample(document, schema.items, unknown, name)]
  if (type !== 'object') return null
  const members = Object.entries(schema.properties ?? {}).filter(
    ([member, of]) => schema.required?.includes(member) || isKnown(resolveSchema(document, of)),
  )
  return Object.fromEntries(members.map(([member, of]) => [member, makeExample(document, of, unknown, member)]))
}

const isKnown = ({ example, default: usual }: Schema) => (example ?? usual) !== undefined
