import { createHash, randomBytes } from 'node:crypto'

/**
 * An opaque secret of 256 random bits, with a prefix by which people and scanners know what it is.
 * It is stored by its hash alone; so much randomness needs no salt and no slow hash.
 */
export function newSecret(prefix: string): string {
  return `${prefix}${randomBytes(32).toString('base64url')}`
}

/** The same, but made from what nobody else can make, a signature: whoever makes it again gets the same one. */
export function derivedSecret(prefix: string, signature: string): string {
  return `${prefix}${createHash('sha256').update(signature).digest('base64url')}`
}

/** SHA-256 in hexadecimal: by it a secret is looked up. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** 128 random bits in hexadecimal. */
export function newId(): string {
  return randomBytes(16).toString('hex')
}

export const refresh_prefix = 'karcis_rt_'
export const reset_prefix = 'karcis_pr_'
export const key_prefix = 'karcis_key_'
