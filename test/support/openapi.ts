import { z } from 'zod'
import { app } from '../../src/app.ts'
import { makeDocument } from '../../src/http/openapi.ts'
import { statementsOf } from '../../src/http/router.ts'

/** The document of the routes under test. */
export const OPENAPI_DOCUMENT = makeDocument(statementsOf(app))

type Schema = Record<string, unknown>

/** This is one operation of the document that the Worker serves, with every `$ref` resolved. */
export interface Operation {
  method: string
  path: string
  /** Any one of the security schemes with these names is enough. The list is empty for a public route. */
  security: string[]
  parameters: { name: string; in: string; required: boolean; schema: Schema }[]
  /** This is the request body by media type. It is null where there is none. */
  body: { required: boolean; mediaTypes: string[]; schema: Schema } | null
  statuses: number[]
  /** The codes that the documented statuses name. */
  codes: string[]
}

interface Document {
  paths: Record<string, Record<string, RawOperation>>
}
interface RawOperation {
  security?: Record<string, unknown>[]
  parameters?: { name: string; in: string; required?: boolean; schema: Schema }[]
  requestBody?: { required?: boolean; content: Record<string, { schema?: Schema }> }
  responses: Record<string, { description: string }>
}

/** Lists every operation of the document, so that tests which walk through it cover new routes by themselves. */
export function listOperations(): Operation[] {
  const document = resolve(OPENAPI_DOCUMENT) as unknown as Document
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, raw]) => describeOperation(method.toUpperCase(), path, raw)),
  )
}

function describeOperation(method: string, path: string, raw: RawOperation): Operation {
  const content = raw.requestBody?.content
  const [schema = {}] = Object.values(content ?? {}).map((media) => media.schema ?? {})
  return {
    method,
    path,
    security: (raw.security ?? []).flatMap(Object.keys),
    parameters: (raw.parameters ?? []).map(({ required = false, ...parameter }) => ({ ...parameter, required })),
    body: content ? { required: raw.requestBody?.required === true, mediaTypes: Object.keys(content), schema } : null,
    statuses: Object.keys(raw.responses).map(Number),
    codes: Object.values(raw.responses).flatMap(({ description }) =>
      [...description.matchAll(/`([a-z_]+)`/g)].flatMap(([, code]) => code ?? []),
    ),
  }
}

/** Replaces every `$ref` by the component to which it refers. */
function resolve(document: object): object {
  const follow = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(follow)
    if (typeof value !== 'object' || value === null) return value
    const ref = (value as { $ref?: unknown }).$ref
    if (typeof ref === 'string')
      return follow(
        ref
          .split('/')
          .slice(1)
          .reduce<unknown>((at, name) => (at as Schema)[name], document),
      )
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, follow(member)]))
  }
  return follow({ ...document, components: {} }) as object
}

/** Answers whether a value is what a schema of the document asks for. */
export function conforms(schema: Schema, value: unknown): boolean {
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success
}

/** These values are tried where a pattern stands without an example. */
const CANDIDATES = [
  'abcdefgh',
  '12345678',
  'a',
  'A',
  'example',
  'https://example.com/',
  '2001-01-31T12:00:00.000Z',
  'users:read',
]

/**
 * Builds values that conform to a schema. For an object these are one with only its required members and one with all
 * of them.
 * @throws where a pattern has neither an example nor a candidate that fits. The contract then needs an example.
 */
export function samplesOf(schema: Schema): unknown[] {
  const union = (schema.anyOf ?? schema.oneOf) as Schema[] | undefined
  if (union) return union.flatMap(samplesOf)
  if ('const' in schema) return [schema.const]
  if (Array.isArray(schema.enum)) return schema.enum
  if ('example' in schema) return [schema.example]
  const [type] = [schema.type].flat()
  switch (type) {
    case 'object':
      return samplesOfObject(schema)
    case 'array':
      return [samplesOf((schema.items as Schema | undefined) ?? {}).slice(0, 1)]
    case 'string':
      return [sampleString(schema)]
    case 'integer':
    case 'number':
      return [schema.minimum ?? 0]
    case 'boolean':
      return [true]
    case 'null':
      return [null]
    default:
      return [{}]
  }
}

function samplesOfObject(schema: Schema): unknown[] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>)
  const required = (schema.required ?? []) as string[]
  const build = (members: typeof properties) =>
    Object.fromEntries(members.map(([name, member]) => [name, samplesOf(member)[0]]))
  return [build(properties.filter(([name]) => required.includes(name))), build(properties)]
}

function sampleString(schema: Schema): string {
  const candidates = [...CANDIDATES, 'x'.repeat(Number(schema.minLength ?? 1))]
  const sample = candidates.find((candidate) => conforms(schema, candidate))
  if (sample === undefined) throw new Error(`give this schema an example: ${JSON.stringify(schema)}`)
  return sample
}
