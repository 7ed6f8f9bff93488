import { text } from '../texts/docs/index.ts'
import { type ApiDocument, resolveSchema, type Schema } from './document.ts'
import { Prose } from './prose.tsx'

interface ShapeProps {
  document: ApiDocument
  schema: Schema
}

/** The members of an object with their types, and below each of them its own members. */
export function Shape({ document, schema }: ShapeProps) {
  const { anyOf, items, properties, required = [] } = resolveSchema(document, schema)
  if (items !== undefined) return <Shape document={document} schema={items} />
  const options = anyOf?.filter((option) => hasMembers(document, option)) ?? []
  if (options.length > 0)
    return (
      <ol class="options">
        {options.map((option, index) => (
          <li key={index}>
            <span class="type">{text('oneOf', { number: index + 1, count: options.length })}</span>
            <Shape document={document} schema={option} />
          </li>
        ))}
      </ol>
    )
  if (properties === undefined) return null
  return (
    <ul class="shape">
      {Object.entries(properties).map(([name, member]) => (
        <li key={name}>
          <code>{name}</code>{' '}
          <span class="type">
            {nameType(document, member)}
            {!required.includes(name) && `, ${text('optional')}`}
          </span>
          <Description schema={member} />
          <Shape document={document} schema={member} />
        </li>
      ))}
    </ul>
  )
}

function Description({ schema: { description } }: { schema: Schema }) {
  if (description === undefined) return null
  return (
    <span class="about">
      {' '}
      <Prose>{description}</Prose>
    </span>
  )
}

/** Tells whether there is anything to say of a schema beside its type. */
export function hasMembers(document: ApiDocument, given: Schema): boolean {
  const { anyOf, items, properties } = resolveSchema(document, given)
  if (properties !== undefined) return true
  return [...(anyOf ?? []), ...(items === undefined ? [] : [items])].some((option) => hasMembers(document, option))
}

/** The most values of a choice that are named; more of them would bury the rest. */
const MOST_VALUES = 12

/** Names the type of a schema in a few words. */
export function nameType(document: ApiDocument, given: Schema): string {
  const schema = resolveSchema(document, given)
  if (schema.enum !== undefined) {
    const named = schema.enum.slice(0, MOST_VALUES).map((value) => JSON.stringify(value))
    return [...named, ...(schema.enum.length > MOST_VALUES ? ['…'] : [])].join(' | ')
  }
  if (schema.anyOf !== undefined)
    return [...new Set(schema.anyOf.map((option) => nameType(document, option)))].join(' | ')
  if (schema.items !== undefined) return text('listOf', { type: nameType(document, schema.items) })
  const types = [schema.type ?? 'any'].flat().join(' | ')
  return schema.format === undefined ? types : `${types} (${schema.format})`
}
