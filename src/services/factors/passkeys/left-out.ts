/**
 * Stands in the bundle for what SimpleWebAuthn reads the certificates of authenticators with, by `alias` in
 * `wrangler.toml`. An attestation with certificates is refused first (`attestation.ts`), so none of this is reached
 * (docs/decisions/0019-bundle.md).
 */
function leftOut(): never {
  throw new Error('The reading of certificates is left out: see alias in wrangler.toml.')
}

const NO_CERTIFICATE = ''
const NO_IDENTIFIER = ''

export {
  leftOut as AsnParser,
  leftOut as AuthorityKeyIdentifierExtension,
  leftOut as BasicConstraints,
  leftOut as Certificate,
  leftOut as CRLDistributionPointsExtension,
  leftOut as ECParameters,
  leftOut as OctetString,
  leftOut as RSAPublicKey,
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
  NO_IDENTIFIER as id_ce_basicConstraints,
  NO_IDENTIFIER as id_ecdsaWithSHA256,
  NO_IDENTIFIER as id_ecdsaWithSHA384,
  NO_IDENTIFIER as id_ecdsaWithSHA512,
  NO_IDENTIFIER as id_ecPublicKey,
  NO_IDENTIFIER as id_ml_dsa_44,
  NO_IDENTIFIER as id_ml_dsa_65,
  NO_IDENTIFIER as id_ml_dsa_87,
  NO_IDENTIFIER as id_rsaEncryption,
  NO_IDENTIFIER as id_secp256r1,
  NO_IDENTIFIER as id_secp384r1,
  NO_IDENTIFIER as id_sha1WithRSAEncryption,
  NO_IDENTIFIER as id_sha256WithRSAEncryption,
  NO_IDENTIFIER as id_sha384WithRSAEncryption,
  NO_IDENTIFIER as id_sha512WithRSAEncryption,
}
