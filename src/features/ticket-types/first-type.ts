import type { Tx } from '../../db/database.ts'
import type { Timestamp } from '../../lib/time.ts'
import { inOrder } from './ticket-type.ts'
import { insertTicketType, listTicketTypes, updateTicketType } from './ticket-types.sql.ts'

/** Indonesian for "general": what an event's only type is called until its organizer calls it something else. */
const first_name = 'Umum'

/** The type that every event begins with: it shares the event's seats, and costs what the event does. */
export async function addFirstType(tx: Tx, eventId: number, price: number, at: Timestamp): Promise<void> {
  await insertTicketType(tx, {
    event_id: eventId,
    name: first_name,
    price,
    capacity: null,
    available_seat: null,
    sales_open_at: null,
    sales_close_at: null,
    created_at: at,
    updated_at: at,
  })
}

/** A change of the event's price is one of its first type. The event is locked. */
export async function setFirstPrice(tx: Tx, eventId: number, price: number, at: Timestamp): Promise<void> {
  const [first] = inOrder(await listTicketTypes(tx, eventId))
  if (first && first.price !== price) await updateTicketType(tx, first.id, { price, updated_at: at })
}
