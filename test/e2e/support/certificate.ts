import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Certificate {
  key: string
  cert: string
}

/** Makes a certificate authority for one run. Its key is gone when the run ends. */
export async function createAuthority(): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'Postern test authority' }], {
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })
  return { key, cert }
}

/** Makes a server certificate for one host name, signed by the authority. */
export async function createServerCertificate(authority: Certificate, host: string): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    ],
  })
  return { key, cert }
}

/**
 * Makes workerd trust the authority. Miniflare reads the variable when it is loaded, so call this before wrangler is
 * imported.
 */
export async function trustAuthority(authority: Certificate): Promise<void> {
  const path = join(await mkdtemp(join(tmpdir(), 'postern-ca-')), 'ca.pem')
  await writeFile(path, authority.cert)
  process.env.NODE_EXTRA_CA_CERTS = path
}
