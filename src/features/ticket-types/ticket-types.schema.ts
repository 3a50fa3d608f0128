import { Type } from 'typebox'
import { DateTimeField, Id, IntegerField, Moment, Strict, TextField } from '../../http/schemas.ts'
import { capacity_max, name_length_max, price_max, quantity_max } from '../../lib/limits.ts'

const description_length_max = 1_000

const Name = TextField(name_length_max, {}, { examples: ['Festival'] })
const Description = Type.String({ maxLength: description_length_max, format: 'text', examples: ['Standing'] })
const Price = IntegerField(0, price_max, {}, 'In minor units of the currency')
const OrNull = <Schema extends object>(schema: Schema) => ({
  ...schema,
  type: [(schema as { type: string }).type, 'null'],
})
const Capacity = Type.Unsafe<number | null>(
  OrNull(IntegerField(1, capacity_max, {}, 'Seats of its own, beside those of the event; null: it shares the event’s')),
)
const Limit = Type.Unsafe<string | null>(OrNull(DateTimeField()))
const Position = IntegerField(0, 1_000_000, {}, 'Types are shown in this order')
const Hidden = Type.Boolean({ description: 'Shown to nobody but you; who knows its id may book it' })

const optional = {
  description: Type.Optional(Description),
  capacity: Type.Optional(Capacity),
  sales_open_at: Type.Optional(Limit),
  sales_close_at: Type.Optional(Limit),
  min_per_booking: Type.Optional(IntegerField(1, quantity_max, {}, 'Of this type in one booking; 1 if left out')),
  max_per_booking: Type.Optional(IntegerField(1, quantity_max, {}, 'Of this type in one booking; 1,000 if left out')),
  hidden: Type.Optional(Hidden),
  position: Type.Optional(Position),
}

export const CreateTicketTypeBody = Strict(
  { name: Name, price: Price, ...optional },
  { examples: [{ name: 'VIP', description: 'Beside the stage', price: 1_500_000, capacity: 50, max_per_booking: 4 }] },
)
export const PatchTicketTypeBody = Strict(
  { name: Type.Optional(Name), price: Type.Optional(Price), ...optional },
  { examples: [{ price: 1_250_000, sales_close_at: '2030-12-30T17:00:00Z' }] },
)

const MaybeMoment = Type.Union([Moment, Type.Null()])

export const TicketTypeView = Type.Object({
  id: Id,
  event_id: Id,
  name: Type.String({ examples: ['Festival'] }),
  description: Type.String({ examples: ['Standing'] }),
  price: Type.Integer({ description: 'In minor units of the currency', examples: [350000] }),
  currency: Type.String({ examples: ['IDR'] }),
  price_text: Type.String({ description: 'The price as people read it', examples: ['Rp 350.000'] }),
  capacity: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Seats of its own; null: it shares the event’s',
    examples: [50],
  }),
  available_seat: Type.Integer({
    description: 'What can be had of it now: no more than it has itself, and no more than the event has',
    examples: [12],
  }),
  sales_open_at: MaybeMoment,
  sales_close_at: MaybeMoment,
  min_per_booking: Type.Integer({ examples: [1] }),
  max_per_booking: Type.Integer({ examples: [4] }),
  hidden: Type.Boolean(),
  position: Type.Integer({ examples: [0] }),
  on_sale: Type.Boolean({ description: 'Whether it can be booked now' }),
  created_at: Moment,
  updated_at: Moment,
})
