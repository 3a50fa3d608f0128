import { Type, type Static } from 'typebox'
import {
  DateTimeField,
  Id,
  IdFilter,
  IntegerField,
  Moment,
  MomentFilter,
  Strict,
  TextField,
} from '../../http/schemas.ts'
import { momentOf } from '../../lib/time.ts'
import { capacity_max, integer_max, price_max, text_length_max } from '../../lib/limits.ts'

import type { EventFilter } from './events.sql.ts'

const required = (message: string) => ({ required: message, minLength: message, pattern: message })
const noCapacity = 'capacity must be greater than 0'
const statuses = ['available', 'unavailable'] as const
const description_length_max = 5_000
const reason_length_max = 500
const category_length_max = 50
const categories_max = 10
/** Two days: a bank transfer takes its time. */
const hold_minutes_max = 2_880
const cancel_hours_max = 8_760
const badStatus = "invalid status: must be 'available' or 'unavailable'"

const Title = TextField(text_length_max, required('title is required'), { examples: ['Konser Rock 2030'] })
const Location = TextField(text_length_max, required('location is required'), { examples: ['Jakarta Stadium'] })
const Capacity = IntegerField(1, capacity_max, { required: noCapacity, minimum: noCapacity })
const Price = IntegerField(0, price_max, { minimum: 'price cannot be negative' }, 'In minor units of the currency')
const Status = Type.Unsafe<(typeof statuses)[number]>({ type: 'string', enum: statuses, examples: ['available'] })

/** What version 2 knows of an event beside version 1; a merge patch takes null where the schema does. */
const Limit = Type.Unsafe<string | null>({ ...DateTimeField(), type: ['string', 'null'] })
const details = {
  currency: Type.Optional(
    Type.String({
      format: 'currency',
      maxLength: 3,
      description: 'ISO 4217; fixed when it is first booked',
      examples: ['IDR'],
    }),
  ),
  time_zone: Type.Optional(
    Type.String({ format: 'time-zone', maxLength: 64, description: 'IANA', examples: ['Asia/Jakarta'] }),
  ),
  description: Type.Optional(
    Type.String({ maxLength: description_length_max, format: 'text', examples: ['Two stages, one night'] }),
  ),
  categories: Type.Optional(
    Type.Array(TextField(category_length_max), { maxItems: categories_max, examples: [['musik', 'rock']] }),
  ),
  sales_open_at: Type.Optional(Type.Unsafe<string | null>({ ...Limit, description: 'Null: on sale at once' })),
  sales_close_at: Type.Optional(Type.Unsafe<string | null>({ ...Limit, description: 'Null: on sale until it begins' })),
  hold_minutes: Type.Optional(
    IntegerField(1, hold_minutes_max, {}, 'How long seats are kept for who has yet to pay; 15 if left out'),
  ),
  cancel_until_hours: Type.Optional(
    Type.Unsafe<number | null>({
      ...IntegerField(0, cancel_hours_max, {}, 'Customers may cancel until so many hours before; null: they may not'),
      type: ['integer', 'null'],
    }),
  ),
  cancel_refund_percent: Type.Optional(IntegerField(0, 100, {}, 'So much of what they paid goes back to them')),
  ends_at: Type.Optional(Type.Unsafe<string | null>({ ...Limit, description: 'Null: nobody has said' })),
  doors_open_at: Type.Optional(
    Type.Unsafe<string | null>({ ...Limit, description: 'Nobody is admitted before; null: whenever somebody comes' }),
  ),
  reentry: Type.Optional(Type.Boolean({ description: 'Whether who leaves may come back; false if left out' })),
  names_until_hours: Type.Optional(
    Type.Unsafe<number | null>({
      ...IntegerField(
        0,
        cancel_hours_max,
        {},
        'Holders may be renamed and tickets handed over until so many hours before; null: they may not; 0 if left out',
      ),
      type: ['integer', 'null'],
    }),
  ),
}

export const CreateEventBody = Type.Object({
  organizer_id: IntegerField(1, integer_max, {
    required: 'organizer_id is required',
    minimum: 'organizer_id is required',
  }),
  title: Title,
  location: Location,
  capacity: Capacity,
  // Left out, an event is free, as in the system that this contract was read off.
  price: Type.Optional(Price),
  date: DateTimeField({ required: 'date is required' }),
})

/** The same in version 2. */
export const CreateEventBodyV2 = Strict({ ...CreateEventBody.properties, ...details })

/** What is left out keeps its value; the organizer never changes. */
export const UpdateEventBody = Type.Object({
  title: Title,
  location: Location,
  capacity: Type.Optional(Capacity),
  price: Type.Optional(Price),
  status: Type.Optional(
    Type.Unsafe<(typeof statuses)[number]>({ ...Status, 'x-messages': { enum: badStatus, type: badStatus } }),
  ),
  date: Type.Optional(DateTimeField()),
})

/** The same in version 2, as a merge patch. */
export const PatchEventBody = Strict({
  title: Type.Optional(Title),
  location: Type.Optional(Location),
  capacity: Type.Optional(Capacity),
  price: Type.Optional(Price),
  status: Type.Optional(Status),
  date: Type.Optional(DateTimeField()),
  ...details,
})

export const EventView = Type.Object({
  id: Id,
  organizer_id: Id,
  title: Type.String({ examples: ['Konser Rock 2030'] }),
  location: Type.String({ examples: ['Jakarta Stadium'] }),
  capacity: Type.Integer({ examples: [100] }),
  available_seat: Type.Integer({ examples: [97] }),
  price: Type.Integer({ description: 'In minor units of the currency', examples: [500000] }),
  status: Status,
  date: Moment,
  created_at: Moment,
  updated_at: Moment,
})

const MaybeMoment = Type.Union([Moment, Type.Null()])

/** Version 2 shows more of an event. */
export const EventViewV2 = Type.Object({
  ...EventView.properties,
  currency: Type.String({ examples: ['IDR'] }),
  price_text: Type.String({
    description: 'The price of its first ticket type, as people read it',
    examples: ['Rp 500.000'],
  }),
  time_zone: Type.String({ examples: ['Asia/Jakarta'] }),
  description: Type.String({ examples: ['Two stages, one night'] }),
  categories: Type.Array(Type.String(), { examples: [['musik', 'rock']] }),
  sales_open_at: MaybeMoment,
  sales_close_at: MaybeMoment,
  hold_minutes: Type.Integer({ description: 'How long seats are kept for who has yet to pay', examples: [15] }),
  cancel_until_hours: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Customers may cancel until so many hours before; null: they may not',
    examples: [24],
  }),
  cancel_refund_percent: Type.Integer({ description: 'So much of what they paid goes back to them', examples: [100] }),
  cancelled_at: Type.Union([Moment, Type.Null()], { description: 'Since when it is called off; null: it is not' }),
  ends_at: MaybeMoment,
  doors_open_at: Type.Union([Moment, Type.Null()], {
    description: 'Nobody is admitted before; null: whenever somebody comes',
  }),
  reentry: Type.Boolean({ description: 'Whether who leaves may come back', examples: [false] }),
  names_until_hours: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Holders may be renamed and tickets handed over until so many hours before; null: they may not',
    examples: [0],
  }),
})

export const CancelEventBody = Strict({
  reason: Type.Optional(TextField(reason_length_max, {}, { examples: ['The singer is ill'] })),
})

export const CancellationView = Type.Object({
  event_id: Id,
  reason: Type.Union([Type.String(), Type.Null()], { examples: ['The singer is ill'] }),
  bookings: Type.Integer({ description: 'How many there were to cancel', examples: [1200] }),
  cancelled: Type.Integer({ description: 'How many are cancelled by now', examples: [430] }),
  created_at: Moment,
  finished_at: MaybeMoment,
})

/** What lists of events are narrowed to, in every version. */
export const eventFilters = {
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: text_length_max,
      format: 'text',
      description: 'Words of title or location',
    }),
  ),
  location: Type.Optional(
    Type.String({ minLength: 1, maxLength: text_length_max, format: 'text', description: 'Words of the location' }),
  ),
  organizer_id: IdFilter,
  status: Type.Optional(Status),
  date_from: MomentFilter('On or after this moment'),
  date_to: MomentFilter('On or before this moment'),
  price_min: Type.Optional(Type.Integer({ minimum: 0, maximum: price_max })),
  price_max: Type.Optional(Type.Integer({ minimum: 0, maximum: price_max })),
}
const EventFilters = Type.Object(eventFilters)

/** The query string of a list, as its query takes it. */
export function eventFilter(query: Static<typeof EventFilters>): EventFilter {
  const { q, location, organizer_id, status, price_min, price_max } = query
  return {
    text: q,
    location,
    organizer_id,
    status,
    date_from: momentOf(query.date_from),
    date_to: momentOf(query.date_to),
    price_min,
    price_max,
  }
}
