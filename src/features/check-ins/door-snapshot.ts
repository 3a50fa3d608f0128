import { createHash } from 'node:crypto'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { toRfc3339, toTimestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import { listTicketsAfter } from './check-ins.sql.ts'

const page_length = 1_000

/**
 * What a door without network takes along, as lines of JSON (https://github.com/ndjson/ndjson-spec), a page of tickets at
 * a time: a header, a line for each ticket that is not void, and a signature of all bytes before it. The next page is
 * read when the one before has left.
 */
export async function* doorSnapshot({ database, signer, now }: Deps, event: Event): AsyncGenerator<Buffer> {
  const hash = createHash('sha256')
  const said = (lines: readonly unknown[]): Buffer => {
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    hash.update(bytes)
    return bytes
  }
  const taken_at = toRfc3339(toTimestamp(now()))
  const { id, title, doors_open_at, reentry } = event
  yield said([
    {
      event_id: id,
      title,
      doors_open_at: doors_open_at && toRfc3339(doors_open_at),
      reentry: reentry === 1,
      taken_at,
      jwks: { keys: await signer.publicKeys() },
    },
  ])
  for (let after = 0; ;) {
    const tickets = await reading(database, (db) => listTicketsAfter(db, id, after, page_length))
    if (tickets.length > 0) yield said(tickets.map(lineOf))
    if (tickets.length < page_length) break
    after = tickets.at(-1)!.id
  }
  const signature = await signer.sign({ sha256: hash.digest('hex'), e: id, at: taken_at })
  yield Buffer.from(`${JSON.stringify({ signature })}\n`)
}

/** Without names of fields: there are 80,000 of them. */
const lineOf = ({ id, version, ticket_code, ticket_type_id, holder_name, status, left_at }: Ticket) => [
  id,
  version,
  ticket_code,
  ticket_type_id,
  holder_name,
  status,
  left_at && toRfc3339(left_at),
]
