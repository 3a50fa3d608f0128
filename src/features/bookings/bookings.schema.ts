import { Type, type Static } from 'typebox'
import type { BookingStatus } from '../../db/schema.ts'
import { Id, IdFilter, IntegerField, Moment, MomentFilter, Strict } from '../../http/schemas.ts'
import { ownedBy, type Identity } from '../../lib/caller.ts'
import { momentOf } from '../../lib/time.ts'
import { integer_max, quantity_max } from '../../lib/limits.ts'
import { HolderName, TicketView } from '../tickets/tickets.schema.ts'
import { transitions } from './booking-status.ts'
import type { BookingFilter } from './bookings.sql.ts'

const reference = (message: string) => IntegerField(1, integer_max, { required: message, minimum: message })
const noQuantity = 'quantity must be greater than 0'

export const CreateBookingBody = Type.Object({
  customer_id: reference('customer_id is required'),
  event_id: reference('event_id is required'),
  quantity: IntegerField(1, quantity_max, { required: noQuantity, minimum: noQuantity }),
  holder_names: Type.Optional(
    Type.Unsafe<string[] | null>({
      // A program that writes out its empty list as null means the same as one that leaves it out.
      type: ['array', 'null'],
      items: HolderName,
      maxItems: quantity_max,
      description: 'One for each ticket, or none: they are then named "Ticket 1", "Ticket 2" …',
      examples: [['Alice', 'Bob', 'Charlie']],
    }),
  ),
})

const items_max = 20

const { customer_id, event_id, quantity, holder_names } = CreateBookingBody.properties

/** In version 2, either `quantity` tickets of the event's first type, or items of types that are named. */
export const CreateBookingBodyV2 = Strict(
  {
    customer_id,
    event_id,
    quantity: Type.Optional(quantity),
    holder_names,
    items: Type.Optional(
      Type.Array(
        Strict({
          ticket_type_id: Type.Integer({ minimum: 1, maximum: integer_max, examples: [1] }),
          quantity: IntegerField(1, quantity_max, {}, 'Within the limits of the type'),
          holder_names,
        }),
        { minItems: 1, maxItems: items_max, description: 'So many tickets of each type, instead of `quantity`' },
      ),
    ),
  },
  {
    examples: [
      {
        customer_id: 2,
        event_id: 1,
        items: [
          { ticket_type_id: 1, quantity: 2, holder_names: ['Alice', 'Bob'] },
          { ticket_type_id: 3, quantity: 1, holder_names: ['Charlie'] },
        ],
      },
      { customer_id: 2, event_id: 1, quantity: 2 },
    ],
  },
)

const statuses = Object.keys(transitions) as BookingStatus[]
const Status = Type.Unsafe<BookingStatus>({ type: 'string', enum: statuses, examples: ['success'] })

export const BookingView = Type.Object({
  id: Id,
  customer_id: Id,
  event_id: Id,
  quantity: Type.Integer({ examples: [3] }),
  total_price: Type.Integer({ description: 'In minor units of the currency', examples: [1500000] }),
  status: Status,
  created_at: Moment,
  updated_at: Moment,
})

export const BookingWithTickets = Type.Object({ booking: BookingView, tickets: Type.Array(TicketView) })

/** Version 2 says what is to be paid, and until when. */
export const BookingViewV2 = Type.Object({
  ...BookingView.properties,
  currency: Type.String({ examples: ['IDR'] }),
  total_text: Type.String({ description: 'The total as people read it', examples: ['Rp 1.500.000'] }),
  refunded: Type.Integer({ description: 'What has gone back to the customer, or is on its way', examples: [0] }),
  expires_at: Type.Union([Moment, Type.Null()], {
    description: 'Until when the seats of a pending booking are held; null if there was nothing to pay',
  }),
})

export const BookingWithItems = Type.Object({
  ...BookingViewV2.properties,
  items: Type.Array(
    Type.Object({
      ticket_type_id: Id,
      price: Type.Integer({ description: 'Of one ticket', examples: [500000] }),
      quantity: Type.Integer({ examples: [3] }),
      holder_names: Type.Array(Type.String(), { examples: [['Alice', 'Bob', 'Charlie']] }),
    }),
  ),
})

export const CancelBookingBody = Strict({
  ticket_ids: Type.Optional(
    Type.Array(Type.Integer({ minimum: 1, maximum: integer_max }), {
      minItems: 1,
      maxItems: quantity_max,
      description: 'Only these tickets; left out, all of them',
      examples: [[101]],
    }),
  ),
})

/** What lists of bookings are narrowed to, in every version. */
export const bookingFilters = {
  event_id: IdFilter,
  customer_id: IdFilter,
  status: Type.Optional(Status),
  created_from: MomentFilter('Made on or after this moment'),
  created_to: MomentFilter('Made on or before this moment'),
}
const BookingFilters = Type.Object(bookingFilters)

/** The query string of a list, as its query takes it, narrowed to what the caller may see. */
export function bookingFilter(caller: Identity, query: Static<typeof BookingFilters>): BookingFilter {
  const { event_id, customer_id, status } = query
  return {
    ...ownedBy(caller, customer_id),
    event_id,
    status,
    created_from: momentOf(query.created_from),
    created_to: momentOf(query.created_to),
  }
}
