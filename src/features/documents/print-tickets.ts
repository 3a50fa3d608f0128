import { Readable } from 'node:stream'
import PdfDocument from 'pdfkit'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Language } from '../../lib/language.ts'
import { findEvent } from '../events/events.sql.ts'
import { listTicketsByIds } from '../tickets/tickets.sql.ts'

/**
 * Tickets of one event as a PDF, one page each, in the order of their ids. Void ones are left out.
 *
 * @throws DomainError `ticket_not_found`, `ticket_void` if all are
 */
export async function printTickets(
  { database }: Deps,
  ticketIds: readonly number[],
  { size }: { language: Language; size: 'a4' | 'phone' },
): Promise<Readable> {
  const found = await reading(database, async (db) => {
    const tickets = await listTicketsByIds(db, ticketIds)
    const event = tickets[0] && (await findEvent(db, tickets[0].event_id))
    return event && { tickets, event }
  })
  if (!found) throw new DomainError('ticket_not_found')
  const tickets = found.tickets.filter(({ status }) => status !== 'void').toSorted((a, b) => a.id - b.id)
  if (tickets.length === 0) throw new DomainError('ticket_void')
  const document = new PdfDocument({ autoFirstPage: false, size: size === 'a4' ? 'A4' : [320, 640] })
  for (const { ticket_code } of tickets) document.addPage().text(ticket_code)
  document.end()
  return Readable.from(document)
}
