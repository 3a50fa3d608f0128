import { Type, type Static } from 'typebox'
import { Id, IdFilter, Moment, MomentFilter } from '../../http/schemas.ts'
import { no_id, ownedBy, type Identity } from '../../lib/caller.ts'
import { momentOf } from '../../lib/time.ts'
import type { TicketFilter } from './tickets.sql.ts'

const statuses = ['unused', 'used', 'void'] as const
const Status = Type.Unsafe<(typeof statuses)[number]>({ type: 'string', enum: statuses, examples: ['unused'] })

export const TicketView = Type.Object({
  id: Id,
  booking_id: Id,
  holder_name: Type.String({ examples: ['Alice'] }),
  ticket_code: Type.String({ examples: ['7K3QX9MA'] }),
  status: Status,
  created_at: Moment,
  updated_at: Moment,
})

/** In version 2 a ticket says for which event it is. */
export const TicketViewV2 = Type.Object({ ...TicketView.properties, event_id: Id })

/** What lists of tickets are narrowed to, in every version. */
export const ticketFilters = {
  event_id: IdFilter,
  booking_id: IdFilter,
  customer_id: IdFilter,
  status: Type.Optional(Status),
  created_from: MomentFilter('Issued on or after this moment'),
  created_to: MomentFilter('Issued on or before this moment'),
}
const TicketFilters = Type.Object(ticketFilters)

/** The query string of a list, as its query takes it, narrowed to what the caller may see. */
export function ticketFilter(caller: Identity, query: Static<typeof TicketFilters>): TicketFilter {
  const { event_id, booking_id, customer_id, status } = query
  const asked = event_id === undefined ? undefined : [event_id]
  return {
    ...(caller.role === 'staff'
      ? { customer_id, event_ids: asked ? [caller.staff_of.has(event_id!) ? event_id! : no_id] : [...caller.staff_of] }
      : { ...ownedBy(caller, customer_id), event_ids: asked }),
    booking_id,
    status,
    created_from: momentOf(query.created_from),
    created_to: momentOf(query.created_to),
  }
}
