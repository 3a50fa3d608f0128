import { hash, verify } from '@node-rs/bcrypt'
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
export function hashPassword(password: string): Promise<string> {
  return bounded(() => hash(password, cost))
}

/**
 * Takes as long as hashing does, whatever the outcome.
 *
 * @throws DomainError `server_busy` as hashPassword does
 */
export function verifyPassword(password: string, passwordHash: string): Promise<boolean> {
  return bounded(() => verify(password, passwordHash))
}

async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (hashing >= hashing_max) throw new DomainError('server_busy')
  hashing++
  try {
    return await work()
  } finally {
    hashing--
  }
}
