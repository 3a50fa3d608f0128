/** Signs what we give out, and knows it again when it comes back (features/signatures). */
export type Signer = Readonly<{
  /** A compact JWS (RFC 7515) of this payload, by the newest key. */
  sign: (payload: Record<string, unknown>) => Promise<string>
  /** What was signed; undefined for whatever was not signed here, or was changed by a single byte. */
  verify: (token: string) => Promise<Record<string, unknown> | undefined>
  /** The public keys, newest first, as a JSON Web Key Set (RFC 7517) names them. */
  publicKeys: () => Promise<readonly PublicKey[]>
}>

/** https://www.rfc-editor.org/rfc/rfc8037#section-2 */
export type PublicKey = Readonly<{ kty: 'OKP'; crv: 'Ed25519'; x: string; kid: string; use: 'sig'; alg: 'EdDSA' }>
