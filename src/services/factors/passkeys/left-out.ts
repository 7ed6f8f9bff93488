/**
 * Stands in the bundle for what SimpleWebAuthn reads the certificates of authenticators with, by `alias` in
 * `wrangler.toml`. An attestation with certificates is refused first (`attestation.ts`), so none of this is reached
 * (docs/decisions/0019-bundle.md).
 */
function leftOut(): never {
  throw new Error('The reading of certificates is left out: see alias in wrangler.toml.')
}

const NO_CERTIFICATE = ''

export {
  leftOut as AuthorityKeyIdentifierExtension,
  leftOut as CRLDistributionPointsExtension,
  leftOut as SubjectKeyIdentifierExtension,
  leftOut as verifyAttestationAndroidKey,
  leftOut as verifyAttestationAndroidSafetyNet,
  leftOut as verifyAttestationApple,
  leftOut as verifyAttestationTPM,
  leftOut as X509Certificate,
  leftOut as X509ChainBuilder,
  leftOut as X509Crl,
  NO_CERTIFICATE as Apple_WebAuthn_Root_CA,
  NO_CERTIFICATE as GlobalSign_Root_CA,
  NO_CERTIFICATE as GlobalSign_Root_CA_R3,
  NO_CERTIFICATE as GlobalSign_Root_R46,
  NO_CERTIFICATE as Google_Hardware_Attestation_Root_1,
  NO_CERTIFICATE as Google_Hardware_Attestation_Root_2,
  NO_CERTIFICATE as Google_Hardware_Attestation_Root_3,
  NO_CERTIFICATE as Google_Hardware_Attestation_Root_4,
}
