import { randomFillSync } from 'node:crypto'

/** Digits and letters without I, L, O and U: nothing to misread at a door, no word by accident. */
export const codeAlphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

const pool = Buffer.alloc(8 * 512)
let used = pool.length

/**
 * A ticket code: 8 characters of a 32-letter alphabet, 40 bits from the system's random source.
 * Unguessable, but not unique by itself: the unique index decides, and who meets a clash draws again.
 */
export function newTicketCode(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  let code = ''
  for (const end = used + 8; used < end; used++) code += codeAlphabet[pool[used]! & 31]
  return code
}
