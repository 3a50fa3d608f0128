import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Language } from '../../lib/language.ts'
import { findEvent } from '../events/events.sql.ts'
import { signTicket } from '../signatures/ticket-token.ts'
import { listTypesByIds } from '../ticket-types/ticket-types.sql.ts'
import { listTicketsByIds } from '../tickets/tickets.sql.ts'
import { findFirstImage } from './documents.sql.ts'
import type { PageSize, PrintedTicket, PrintJob } from './print-job.ts'
import { print, type Asker } from './printer.ts'

/** A larger picture would make up more of the file than all else together. */
const image_bytes_max = 120_000

/**
 * Tickets of one event as a PDF, one page each, in the order of their ids. Void ones are left out. Destroy the stream to
 * give it up.
 *
 * @throws DomainError `ticket_not_found`, `ticket_void` if all are, `server_busy` if too many are being printed,
 *   `too_many_requests` if too many are for this asker
 */
export async function printTickets(
  deps: Deps,
  ticketIds: readonly number[],
  { language, size, asker }: { language: Language; size: PageSize; asker: Asker },
): Promise<Readable> {
  return print(asker, async (): Promise<PrintJob> => {
    const { event, tickets, names, files } = await reading(deps.database, async (db) => {
      const found = await listTicketsByIds(db, ticketIds)
      const event = found[0] && (await findEvent(db, found[0].event_id))
      if (!event) throw new DomainError('ticket_not_found')
      const tickets = found.filter(({ status }) => status !== 'void').toSorted((a, b) => a.id - b.id)
      if (tickets.length === 0) throw new DomainError('ticket_void')
      const types = await listTypesByIds(db, [...new Set(tickets.map(({ ticket_type_id }) => ticket_type_id))])
      const image = await findFirstImage(db, event.id)
      return { event, tickets, names: new Map(types.map(({ id, name }) => [id, name])), files: image?.files }
    })
    const printed: PrintedTicket[] = []
    // One after the other: a thousand signatures at once would make all else wait for a thread.
    for (const ticket of tickets) {
      printed.push({
        holder_name: ticket.holder_name,
        type_name: names.get(ticket.ticket_type_id) ?? '',
        price: ticket.price,
        ticket_code: ticket.ticket_code,
        token: await signTicket(deps.signer, ticket),
      })
    }
    const { id, title, location, date, ends_at, doors_open_at, time_zone, currency } = event
    return {
      language,
      size,
      event: { id, title, location, date, ends_at, doors_open_at, time_zone, currency },
      image: files === undefined ? undefined : await readImage(deps, files),
      tickets: printed,
      made_at: deps.now(),
    }
  })
}

/** The middle one of a picture's files, or the largest that is not too large; undefined if none is there. */
async function readImage({ files }: Deps, json: string): Promise<Uint8Array | undefined> {
  const sizes = JSON.parse(json) as { name: string; bytes: number }[]
  const small = sizes.slice(0, 2).filter(({ bytes }) => bytes <= image_bytes_max)
  const name = (small.at(-1) ?? sizes[0])?.name
  const file = name === undefined ? undefined : await files.open(name)
  return file && buffer(file.stream)
}
