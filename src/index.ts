import { DurableObject } from 'cloudflare:workers'
export class LoginThrottle extends DurableObject<Env> { hi(){ return 1 } }
export class DevMailbox extends DurableObject<Env> {}
import Argon2 from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
const a = new Argon2(new WebAssembly.Instance(wasm))
export default { async fetch(): Promise<Response> { const t=Date.now(); return new Response(a.hash('x',{memoryCost:19456,timeCost:2,parallelism:1}).encoded) } } satisfies ExportedHandler<Env>
