import { Type, type Static } from 'typebox'
import { Id, IntegerField, Moment } from '../../http/schemas.ts'
import { integer_max, name_length_max, quantity_max } from '../../lib/limits.ts'
import { TicketView } from '../tickets/tickets.schema.ts'

const reference = (message: string) => IntegerField(1, integer_max, { required: message, minimum: message })
const noQuantity = 'quantity must be greater than 0'

const HolderName = Type.String({ minLength: 1, maxLength: name_length_max, pattern: '\\S', format: 'text' })

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
export type CreateBooking = Static<typeof CreateBookingBody>

export const BookingView = Type.Object({
  id: Id,
  customer_id: Id,
  event_id: Id,
  quantity: Type.Integer({ examples: [3] }),
  total_price: Type.Integer({ description: 'In minor units of the currency', examples: [1500000] }),
  status: Type.Unsafe<'pending' | 'success' | 'failed'>({
    type: 'string',
    enum: ['pending', 'success', 'failed'],
    examples: ['success'],
  }),
  created_at: Moment,
  updated_at: Moment,
})

export const BookingWithTickets = Type.Object({ booking: BookingView, tickets: Type.Array(TicketView) })
