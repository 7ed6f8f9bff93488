/**
 * Writes `src/services/passwords/common-passwords.txt` from @zxcvbn-ts/language-common, without the passwords that the
 * minimum length refuses anyway.
 */
import { writeFileSync } from 'node:fs'
import { dictionary } from '@zxcvbn-ts/language-common'

const SHORTEST_ALLOWED = 8
const words = dictionary['passwords-common'].map(String).filter((word) => [...word].length >= SHORTEST_ALLOWED)
writeFileSync(
  'src/services/passwords/common-passwords.txt',
  `${[...new Set(words.map((word) => word.toLowerCase()))].join('\n')}\n`,
)
