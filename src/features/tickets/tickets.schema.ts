import { Type, type Static } from 'typebox'
import { Id, IdFilter, Moment, MomentFilter, Strict } from '../../http/schemas.ts'
import { no_id, ownedBy, type Identity } from '../../lib/caller.ts'
import { name_length_max } from '../../lib/limits.ts'
import { momentOf } from '../../lib/time.ts'
import type { TicketFilter } from './tickets.sql.ts'

const statuses = ['unused', 'used', 'void'] as const
const Status = Type.Unsafe<(typeof statuses)[number]>({ type: 'string', enum: statuses, examples: ['unused'] })

export const HolderName = Type.String({ minLength: 1, maxLength: name_length_max, pattern: '\\S', format: 'text' })

export const TicketView = Type.Object({
  id: Id,
  booking_id: Id,
  holder_name: Type.String({ examples: ['Alice'] }),
  ticket_code: Type.String({
    description: 'Empty for a customer who has handed the ticket to somebody else',
    examples: ['7K3QX9MA'],
  }),
  status: Status,
  created_at: Moment,
  updated_at: Moment,
})

/** In version 2 a ticket says for which event it is, and whose. */
export const TicketViewV2 = Type.Object({
  ...TicketView.properties,
  event_id: Id,
  version: Type.Integer({ description: 'Counts its hand-overs, from 1', examples: [1] }),
  handed_over: Type.Boolean({ description: 'Whether it is somebody else’s than its customer’s', examples: [false] }),
  holder_email: Type.Optional(
    Type.Union([Type.String({ examples: ['budi@example.com'] }), Type.Null()], {
      description: 'Who it was handed to; told to the organizer and to admins alone',
    }),
  ),
})

export const PatchTicketBody = Strict({ holder_name: HolderName }, { examples: [{ holder_name: 'Budi' }] })

/** Of a link that stands in a mail; a bearer secret. */
export const LinkToken = Type.String({ minLength: 1, maxLength: 1_000 })

/** In whose name somebody without an account acts. */
export const HolderQuery = Type.Object({
  token: Type.Optional(
    Type.String({ ...LinkToken, description: 'Of the link to the ticket: who brings it needs no account' }),
  ),
})

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
