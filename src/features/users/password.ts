import { hash } from '@node-rs/bcrypt'
import { DomainError } from '../../lib/errors.ts'
import { password_bytes_max } from '../../lib/limits.ts'

const cost = 10
const hashing_max = 200
let hashing = 0

/** @throws DomainError `password_too_long`: bcrypt would cut the rest off silently */
export function assertPasswordFits(password: string): void {
  if (Buffer.byteLength(password) > password_bytes_max) throw new DomainError('password_too_long')
}

/**
 * bcrypt, cost 10, on the library's own threads.
 *
 * @throws DomainError `server_busy` when too many are waiting already: hashing is slow on purpose
 */
export async function hashPassword(password: string): Promise<string> {
  if (hashing >= hashing_max) throw new DomainError('server_busy')
  hashing++
  try {
    return await hash(password, cost)
  } finally {
    hashing--
  }
}
