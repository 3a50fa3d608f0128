import { Type, type Static } from 'typebox'
import { Id, Moment, Strict, Sum } from '../../http/schemas.ts'
import { integer_max } from '../../lib/limits.ts'
import { mailKinds, type MailKind } from '../../lib/mail.ts'
import { BookingViewV2 } from '../bookings/bookings.schema.ts'
import { CountsView } from '../check-ins/check-ins.schema.ts'
import { EventViewV2 } from '../events/events.schema.ts'
import { TicketTypeView } from '../ticket-types/ticket-types.schema.ts'
import type { Channel } from './live.ts'
import { channel_pattern } from './topic.ts'

const Word = <const Text extends string>(text: Text) => Type.Unsafe<Text>({ type: 'string', const: text })

/** What a channel is called: `event:7`, `event:7/sales`, `event:7/check-ins` or `me`. */
export const ChannelName = Type.Unsafe<Channel>({
  type: 'string',
  pattern: channel_pattern,
  maxLength: 40,
  description: '`event:7`, `event:7/sales`, `event:7/check-ins` or `me`',
  examples: ['event:7'],
  'x-messages': { pattern: 'channel must be event:7, event:7/sales, event:7/check-ins or me, with the id of an event' },
})
const Seq = Type.Integer({
  minimum: 0,
  maximum: integer_max,
  description: 'The last change that is in it; it never falls within a channel. Name it as `after` when you come back',
  examples: [1234],
})
const After = Type.Optional(
  Type.Integer({ minimum: 0, maximum: integer_max, description: 'The last `seq` that you saw of this channel' }),
)
const Reference = Type.Optional(
  Type.String({ maxLength: 100, format: 'text', description: 'Of your choice; the answer has it as `in_reply_to`' }),
)

/** What clients say, by its type. */
export const ClientMessages = {
  authenticate: Strict(
    {
      type: Word('authenticate'),
      token: Type.String({ minLength: 1, maxLength: 1_000, description: 'An access token or an API key' }),
      id: Reference,
    },
    { examples: [{ type: 'authenticate', token: 'eyJhbGciOiJIUzI1NiJ9.e30.x' }] },
  ),
  subscribe: Strict(
    { type: Word('subscribe'), channel: ChannelName, after: After, id: Reference },
    { examples: [{ type: 'subscribe', channel: 'event:7', after: 1234 }] },
  ),
  unsubscribe: Strict(
    { type: Word('unsubscribe'), channel: ChannelName, id: Reference },
    { examples: [{ type: 'unsubscribe', channel: 'event:7' }] },
  ),
  ping: Strict({ type: Word('ping'), id: Reference }, { examples: [{ type: 'ping' }] }),
}
export type ClientMessage = { [Name in keyof typeof ClientMessages]: Static<(typeof ClientMessages)[Name]> }[keyof typeof ClientMessages] // prettier-ignore

/** An event as a visitor sees it. */
export const EventState = Type.Object({
  event: EventViewV2,
  ticket_types: Type.Array(TicketTypeView, { description: 'Without hidden ones, in the order in which to show them' }),
})

const Count = (description: string, example: number) => Type.Integer({ description, examples: [example] })

export const SalesState = Type.Object({
  event_id: Id,
  capacity: Count('Seats in all', 1_000),
  available_seat: Count('Seats that can be had', 250),
  sold: Count('Tickets that are good', 700),
  held: Count('Seats that are held for who has yet to pay', 50),
  by_type: Type.Array(
    Type.Object({
      ticket_type_id: Id,
      name: Type.String({ examples: ['VIP'] }),
      sold: Count('Tickets of it that are good', 40),
      held: Type.Union([Type.Integer(), Type.Null()], {
        description: 'Null where the type shares the seats of its event',
        examples: [5],
      }),
      total: Sum('What was asked for these tickets', 14_000_000),
    }),
  ),
  takings: Type.Array(
    Type.Object({
      currency: Type.String({ examples: ['IDR'] }),
      charged: Sum('What was paid for its bookings', 14_000_000),
      refunded: Sum('What of it has gone back or is on its way', 0),
      fees: Sum('What of the rest is the platform’s', 350_000),
      net: Sum('What of the rest is the organizer’s', 13_650_000),
    }),
  ),
})

export const CheckInState = Type.Object({ event_id: Id, ...CountsView.properties })

const MaybeId = Type.Union([Id, Type.Null()])

export const NotificationState = Type.Object({
  id: Id,
  kind: Type.Unsafe<MailKind>({ type: 'string', enum: [...mailKinds], examples: ['booking_confirmed'] }),
  event_id: MaybeId,
  booking_id: MaybeId,
  ticket_id: MaybeId,
  created_at: Moment,
})

export const Refusal = Type.Object({
  code: Type.String({
    description: 'What is wrong, for programs; the codes of version 2',
    examples: ['not_signed_in'],
  }),
  message: Type.String({ description: 'What is wrong, and what to do about it, for people' }),
})

/** What is sent of a channel, by its type. */
export const ChannelMessages = {
  event: Type.Object({ type: Word('event'), channel: ChannelName, seq: Seq, data: EventState }),
  sales: Type.Object({ type: Word('sales'), channel: ChannelName, seq: Seq, data: SalesState }),
  check_ins: Type.Object({ type: Word('check_ins'), channel: ChannelName, seq: Seq, data: CheckInState }),
  booking: Type.Object({ type: Word('booking'), channel: Word('me'), seq: Seq, data: BookingViewV2 }),
  notification: Type.Object({ type: Word('notification'), channel: Word('me'), seq: Seq, data: NotificationState }),
  read_anew: Type.Object({ type: Word('read_anew'), channel: ChannelName, seq: Seq, data: Type.Null() }),
  ended: Type.Object({ type: Word('ended'), channel: ChannelName, seq: Seq, data: Refusal }),
}

const InReplyTo = Type.Optional(Type.String({ description: 'The `id` of what it answers, if that had one' }))

/** What else the server says. */
export const ServerMessages = {
  ...ChannelMessages,
  authenticated: Type.Object({
    type: Word('authenticated'),
    user_id: MaybeId,
    role: Type.String({ examples: ['customer'] }),
    in_reply_to: InReplyTo,
  }),
  subscribed: Type.Object({ type: Word('subscribed'), channel: ChannelName, in_reply_to: InReplyTo }),
  unsubscribed: Type.Object({ type: Word('unsubscribed'), channel: ChannelName, in_reply_to: InReplyTo }),
  pong: Type.Object({ type: Word('pong'), in_reply_to: InReplyTo }),
  error: Type.Object({ type: Word('error'), ...Refusal.properties, in_reply_to: InReplyTo }),
  closing: Type.Object({
    type: Word('closing'),
    retry_ms: Type.Integer({ description: 'Come back after so many milliseconds', examples: [2_345] }),
  }),
}
export type ServerMessage = { [Name in Exclude<keyof typeof ServerMessages, keyof typeof ChannelMessages>]: Static<(typeof ServerMessages)[Name]> }[Exclude<keyof typeof ServerMessages, keyof typeof ChannelMessages>] // prettier-ignore
