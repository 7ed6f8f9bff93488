import type { Unstable_RawConfig } from 'wrangler'
import type { Call, Client } from '../lib/client.ts'
import type { Workerd } from '../lib/workerd.ts'

export type Config = Unstable_RawConfig

/** Does an operation once, for one person, and throws when it does not succeed. */
export type Operation<Person> = (client: Client, person: Person) => Promise<void>

/** Something that is measured: how it is built, who uses it, and what they do. */
export interface Service<Person = unknown> {
  name: string
  config: Config
  /** The first request to a fresh Worker, which asks it for as little as possible. */
  hello: Call
  /** Makes the tables in the state folder; a service without tables has none to make. */
  migrate?: (statePath: string, workerd: Workerd) => Promise<void>
  enrol: (client: Client, count: number) => Promise<Person[]>
  operations: Readonly<Record<string, Operation<Person>>>
}
