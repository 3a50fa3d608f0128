import { Type, type Static } from 'typebox'
import { cursorQuery } from '../../http/cursor.ts'
import { Id, IdFilter, Moment, MomentFilter, Strict } from '../../http/schemas.ts'
import { integer_max } from '../../lib/limits.ts'
import { momentOf } from '../../lib/time.ts'
import type { CheckInFilter } from './check-ins.sql.ts'

export const door_length_max = 100

/** One of a few words. */
export const OneOf = <const Words extends readonly string[]>(words: Words, options: object = {}) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: words, ...options })

const Door = Type.String({ maxLength: door_length_max, format: 'text', examples: ['Gate A'] })

export const Action = OneOf(['admit', 'leave'], { default: 'admit' })

export const CheckInBody = Strict(
  {
    token: Type.Optional(Type.String({ maxLength: 1_000, format: 'text', description: 'What the QR code says' })),
    code: Type.Optional(
      Type.String({
        maxLength: 40,
        format: 'text',
        description: 'The ticket’s code; small letters, spaces and hyphens do no harm',
        examples: ['7K3Q-X9MA'],
      }),
    ),
    event_id: Type.Integer({ minimum: 1, maximum: integer_max, description: 'The event whose door this is' }),
    door: Type.String({ maxLength: door_length_max, format: 'text', default: '', examples: ['Gate A'] }),
    action: Action,
  },
  { examples: [{ code: '7K3QX9MA', event_id: 1, door: 'Gate A' }] },
)

export const ActView = Type.Object({
  outcome: OneOf(['admitted', 'returned', 'left']),
  ticket: Type.Object({
    id: Id,
    holder_name: Type.String({ examples: ['Alice'] }),
    ticket_type: Type.Object({ id: Id, name: Type.String({ examples: ['VIP'] }) }),
  }),
  at: Moment,
  door: Type.String({ examples: ['Gate A'] }),
})

const kinds = ['admitted', 'left', 'returned', 'conflict'] as const
const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()])
/** Null in a conflict alone, with what is forged or nobody's. */
const OfTicket = Nullable(Id)

export const CheckInView = Type.Object({
  id: Id,
  ticket_id: OfTicket,
  event_id: Id,
  ticket_type_id: OfTicket,
  kind: OneOf(kinds),
  door: Type.String({ examples: ['Gate A'] }),
  at: Moment,
  reason: Nullable(Type.String()),
  actor_id: Nullable(Id),
  api_key_id: Nullable(Id),
  undone_at: Nullable(Moment),
})

export const CheckInQuery = Type.Object({
  ...cursorQuery,
  event_id: Type.Integer({ minimum: 1, maximum: integer_max, description: 'The event whose doors these are' }),
  ticket_id: IdFilter,
  ticket_type_id: IdFilter,
  door: Type.Optional(Door),
  kind: Type.Optional(OneOf(kinds)),
  from: MomentFilter('On or after this moment'),
  to: MomentFilter('On or before this moment'),
})

/** The query string of a list, as its query takes it. */
export function checkInFilter(query: Omit<Static<typeof CheckInQuery>, 'limit' | 'cursor'>): CheckInFilter {
  const { event_id, ticket_id, ticket_type_id, door, kind } = query
  return {
    event_id,
    ticket_id,
    ticket_type_id,
    door,
    // In the order of an index: those of an event by kind, those of a ticket as they come.
    kind: kind ?? (ticket_id === undefined ? 'admitted' : undefined),
    from: momentOf(query.from),
    to: momentOf(query.to),
  }
}

const guestStatuses = ['unused', 'used'] as const

export const GuestQuery = Type.Object({
  ...cursorQuery,
  ticket_type_id: IdFilter,
  status: Type.Optional(OneOf(guestStatuses)),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      format: 'text',
      description: 'How the holder’s name begins, or the whole code of a ticket',
      examples: ['ali'],
    }),
  ),
})

const TypeName = Type.String({ examples: ['VIP'] })

export const GuestView = Type.Object({
  ticket_id: Id,
  holder_name: Type.String({ examples: ['Alice'] }),
  ticket_type: Type.Object({ id: Id, name: TypeName }),
  ticket_code: Type.String({ examples: ['7K3QX9MA'] }),
  status: OneOf(guestStatuses),
  inside: Type.Boolean({ description: 'Used, and not gone out again' }),
  left_at: Nullable(Moment),
})

const Count = (description: string, example: number) => Type.Integer({ minimum: 0, description, examples: [example] })
const Admitted = Count('Tickets that were let in, wherever their holders are now', 800)
const Sold = Count('Tickets that are not void', 1_000)

export const CountsView = Type.Object({
  sold: Sold,
  admitted: Admitted,
  inside: Count('Tickets that were let in and have not left', 750),
  by_door: Type.Array(Type.Object({ door: Type.String({ examples: ['Gate A'] }), admitted: Admitted }), {
    description: 'Most admissions first, 200 doors at most; a door that nobody named is empty',
  }),
  by_type: Type.Array(Type.Object({ ticket_type_id: Id, name: TypeName, sold: Sold, admitted: Admitted })),
  by_quarter: Type.Array(Type.Object({ from: Moment, admitted: Admitted }), {
    description: 'By quarter of an hour in UTC, oldest first; the last 500 in which somebody was let in',
  }),
})
