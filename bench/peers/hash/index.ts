import Argon2, { Argon2Type } from '@phi-ag/argon2'
import wasm from '@phi-ag/argon2/argon2.wasm'
import { ARGON2_LANES, ARGON2_MEMORY_KIB, ARGON2_PASSES } from '../../../src/config.ts'

/** The least that a login can do: one hash, with the parameters of Postern. */
const argon2 = new Argon2(new WebAssembly.Instance(wasm))

export default {
  async fetch(request: Request) {
    const { encoded } = argon2.hash(await request.text(), {
      type: Argon2Type.Argon2id,
      memoryCost: ARGON2_MEMORY_KIB,
      timeCost: ARGON2_PASSES,
      parallelism: ARGON2_LANES,
      hashLength: 32,
      salt: crypto.getRandomValues(new Uint8Array(16)),
    })
    return new Response(encoded)
  },
}
