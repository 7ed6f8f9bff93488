import fc from 'fast-check'
import { conforms, type Operation, samplesOf } from './openapi.ts'

/** A hostile or broken client might send this request body. */
export interface HostileBody {
  /** It says what is wrong with the body, for the message of a failure. */
  name: string
  bytes: Uint8Array<ArrayBuffer>
  contentType: string | null
  /** A route that has no other reason to refuse answers this status. It is null where the body happens to be right. */
  refusal: number | null
}

type Json = NonNullable<Operation['body']>

const MEBIBYTE = 1024 * 1024
const JSON_TYPE = 'application/json'
const encode = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text))

const nested = (depth: number, open: string, close: string, inner = '1') =>
  open.repeat(depth) + inner + close.repeat(depth)

/** A member is given these hostile values, which are JSON text. */
const HOSTILE_VALUES = [
  'null',
  'true',
  '0',
  '-1',
  '1e999',
  '-1e-999',
  '123456789012345678901234567890',
  '[]',
  '[null]',
  '{}',
  '""',
  '" "',
  '"\\u0000"',
  '"\\u0000@example.com"',
  '"a@example.com\\r\\nBcc: b@example.com"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"a\\ud83d"',
  '{"__proto__":{"roles":["admin"]}}',
  '{"constructor":{"prototype":{}}}',
  '{"$ne":null}',
  '{"length":3}',
  '"\' or 1=1 --"',
  '"%00%ff"',
  '"\\u202e\\u200d\\ufeff"',
  `"${'a'.repeat(5000)}"`,
  nested(14, '[', ']'),
] as const

/**
 * These members would give somebody more than they have, or confuse whatever reads them. Name and value are JSON text.
 */
const UNKNOWN_MEMBERS = [
  ['roles', '["admin"]'],
  ['permissions', '["users:write"]'],
  ['id', '"1"'],
  ['emailVerified', 'true'],
  ['status', '"active"'],
  ['__proto__', '{"roles":["admin"]}'],
  ['__proto__', 'null'],
  ['constructor', '{"prototype":{"roles":["admin"]}}'],
  ['prototype', '{}'],
  ['toString', '1'],
  ['hasOwnProperty', 'true'],
  ['then', '"x"'],
  ['', '""'],
  ['\u0000', '0'],
] as const

/** Builds bodies that no route accepts, whatever its schema is. */
function brokenBodies(schema: Json['schema']): HostileBody[] {
  const [sample] = samplesOf(schema)
  const valid = JSON.stringify(sample)
  const members = Object.entries(sample as object).map(
    ([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`,
  )
  const [first = '"extra":1'] = members
  const broken = (name: string, text: string, refusal = 400): HostileBody => {
    return { name, bytes: encode(text), contentType: JSON_TYPE, refusal }
  }
  const withType = (contentType: string | null): HostileBody => {
    return { name: `content type ${contentType}`, bytes: encode(valid), contentType, refusal: 415 }
  }
  const raw = (name: string, bytes: readonly number[]): HostileBody => {
    return { name, bytes: Uint8Array.from(bytes), contentType: JSON_TYPE, refusal: 400 }
  }
  return [
    ...['null', '0', '-0', '1e999', 'true', '""', '"text"', '[]', '[{}]', '[null]', `[${valid}]`].map((text) =>
      broken(`a body that is ${text}`, text),
    ),
    ...[
      '{',
      '}',
      '{"a"',
      '{"a":}',
      '{a:1}',
      "{'a':1}",
      '{"a":1,}',
      '[1,]',
      'NaN',
      'undefined',
      '01',
      '"\\x"',
      '\u0000',
      '{}{}',
      ' ',
    ].map((text) => broken(`no JSON: ${text}`, text)),
    broken('cut short', valid.slice(0, -1)),
    broken('with a comment', `/* */${valid}`),
    broken('with a byte order mark', `\ufeff${valid}`),
    broken('a string of 1 MiB', JSON.stringify('a'.repeat(MEBIBYTE)), 413),
    broken('a member of 1 MiB', `{"x":${JSON.stringify('a'.repeat(MEBIBYTE))}}`, 413),
    broken('a name of 1 MiB', `{${JSON.stringify('a'.repeat(MEBIBYTE))}:1}`, 413),
    broken('1 MiB of spaces', ' '.repeat(MEBIBYTE), 413),
    broken('1 MiB of brackets', '['.repeat(MEBIBYTE), 413),
    broken('deep objects', nested(2000, '{"a":', '}')),
    broken('deep arrays', nested(30_000, '[', ']')),
    broken('a deep member', `{"a":${nested(40, '[', ']')}}`),
    broken('a lone high surrogate in a name', `{"\\ud800":1}`),
    broken('a lone low surrogate in a name', `{"a\\udfff":1}`),
    broken('a lone surrogate in a value', `{"a":"\\ud800"}`),
    broken('a lone surrogate deep down', `{"a":[{"b":"\\udbff"}]}`),
    broken('the same member twice, equal', `{${[first, ...members, ...(members.length > 0 ? [] : [first])].join()}}`),
    broken('the same member twice, unequal', `{${first.replace(/:.*/, ':"other"')},${members.join() || first}}`),
    broken('the same member twice, differently escaped', '{"a":1,"\\u0061":2}'),
    broken('the same member twice, deep down', '{"a":{"b":1,"b":1}}'),
    broken('__proto__ twice', '{"__proto__":1,"__proto__":2}'),
    raw('a stray continuation byte', [0x22, 0x80, 0x22]),
    raw('an overlong slash', [0x22, 0xc0, 0xaf, 0x22]),
    raw('a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]),
    raw('a character cut short', [...encode(valid), 0xe2, 0x82]),
    raw(
      'UTF-16',
      [...valid].flatMap((character) => [character.charCodeAt(0), 0]),
    ),
    raw('bytes of an image', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    ...[
      null,
      '',
      'text/plain',
      'text/json',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-16',
      'application/jsonp',
      'application/json, text/plain',
      'application/problem+json',
      '*/*',
    ].map(withType),
  ]
}

/**
 * Builds right bodies with one thing wrong: a member of another type, a member too many, or a member too few. Where a
 * body is still right, `refusal` is null.
 */
function spoiltBody(schema: Json['schema']): fc.Arbitrary<HostileBody> {
  const samples = samplesOf(schema).filter((sample) => typeof sample === 'object' && sample !== null) as object[]
  const names = [...new Set(samples.flatMap(Object.keys))]
  const texts: fc.Arbitrary<string> = fc
    .record({
      sample: fc.constantFrom(...samples),
      spoilt: fc.constantFrom('', ...names),
      value: fc.oneof(fc.constantFrom(...HOSTILE_VALUES), fc.json({ maxDepth: 3 })),
      drop: fc.boolean(),
    })
    .map(({ sample, spoilt, value, drop }) => {
      const members = Object.entries(sample)
        .filter(([name]) => name !== spoilt)
        .map(([name, member]) => `${JSON.stringify(name)}:${JSON.stringify(member)}`)
      if (!drop && spoilt !== '') members.push(`${JSON.stringify(spoilt)}:${value}`)
      return `{${members.join()}}`
    })
  return fc.oneof(texts, fc.json({ maxDepth: 4 })).map((text) => asJsonBody(schema, text))
}

/**
 * Builds right bodies with a member that no contract names. Such a body is refused even where nobody would read the
 * member.
 */
function extendedBodies(schema: Json['schema']): HostileBody[] {
  return samplesOf(schema).flatMap((sample) =>
    UNKNOWN_MEMBERS.filter(([name]) => !Object.hasOwn(sample as object, name)).map(([name, value]) => {
      const inner = JSON.stringify(sample).slice(1, -1)
      const text = `{${inner}${inner === '' ? '' : ','}${JSON.stringify(name)}:${value}}`
      return { name: `unknown member ${name}`, bytes: encode(text), contentType: JSON_TYPE, refusal: 400 }
    }),
  )
}

function asJsonBody(schema: Json['schema'], text: string): HostileBody {
  const isRight = text.isWellFormed() && !/\\u[dD][89a-fA-F]/.test(text) && conforms(schema, JSON.parse(text))
  return { name: text.slice(0, 200), bytes: encode(text), contentType: JSON_TYPE, refusal: isRight ? null : 400 }
}

/** Builds bodies for a route that takes JSON: all broken ones, and as many spoilt ones as the property asks for. */
export function hostileJson({ schema, required }: Json): { always: HostileBody[]; more: fc.Arbitrary<HostileBody> } {
  const empty = { name: 'no body', bytes: encode(''), refusal: required ? 400 : null }
  return {
    always: [
      { ...empty, contentType: JSON_TYPE },
      { ...empty, contentType: null },
      ...brokenBodies(schema),
      ...extendedBodies(schema),
    ],
    more: spoiltBody(schema),
  }
}

/**
 * Builds bodies for a route that takes another media type: they name that type and hold what does not belong there.
 * This function does not know which of them are right.
 */
export function hostileBytes({ mediaTypes }: Json): { always: HostileBody[]; more: fc.Arbitrary<HostileBody> } {
  const contents: Record<string, Uint8Array<ArrayBuffer>> = {
    nothing: encode(''),
    'a name alone': encode('token'),
    'the same name twice': encode('token=a&token=b'),
    'a broken escape': encode('token=%ff&%=%'),
    'a null byte': encode('token=%00\u0000'),
    'an unknown name': encode('token=a&__proto__=b&constructor=c'),
    '1 MiB': encode('a'.repeat(MEBIBYTE)),
    '1 MiB of names': encode('&a=b'.repeat(MEBIBYTE / 4)),
    JSON: encode('{"token":"a"}'),
    'broken UTF-8': Uint8Array.from([0x74, 0x3d, 0xff, 0xfe, 0xc0, 0xaf]),
    'lines of hostile JSON': encode('null\n{"__proto__":{}}\n{"email":"\\ud800"}\n[[[[\n\n1e999\n'),
    'an SVG image': encode('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  }
  const body = (name: string, bytes: Uint8Array<ArrayBuffer>, contentType: string | null): HostileBody => {
    return { name: `${name} as ${contentType}`, bytes, contentType, refusal: null }
  }
  const types = [...mediaTypes, ...mediaTypes.map((type) => `${type}; charset=utf-16`)]
  return {
    always: [
      ...Object.entries(contents).flatMap(([name, bytes]) => types.map((type) => body(name, bytes, type))),
      ...[null, 'text/plain', JSON_TYPE, '*/*'].map((type) => body('the wrong media type', encode('token=a'), type)),
    ],
    more: fc
      .record({ bytes: fc.uint8Array({ maxLength: 400 }), type: fc.constantFrom(...types) })
      .map(({ bytes, type }) => body('random bytes', Uint8Array.from(bytes), type)),
  }
}
