import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import { at } from './books.ts'
import type { Sql } from './databases.ts'

/** Ed25519, as a JSON Web Key names its halves. */
export type TicketKey = { id: string; x: string; d: string }

/** Puts a key into the tables, by which Karcis then knows the tokens of tickets as its own. */
export async function openTicketKey(sql: Sql): Promise<TicketKey> {
  const { x, d } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
  const key = { id: x!.slice(0, 6), x: x!, d: d! }
  await sql.all(
    `insert into signature_key (id, public_key, secret_key, created_at) values ('${key.id}', '${x}', '${d}', ${at})`,
  )
  return key
}

/** The tokens of the tickets with these ids, as signTicket makes them; at once, so that signing costs no request time. */
export function tokensOf({ id, x, d }: TicketKey, event: number, from: number, to: number): string[] {
  const secret = createPrivateKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x, d } })
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const header = encode({ alg: 'EdDSA', kid: id })
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const text = `${header}.${encode({ t: from + index, e: event, v: 1 })}`
    return `${text}.${sign(null, Buffer.from(text), secret).toString('base64url')}`
  })
}
