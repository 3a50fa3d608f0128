import { readBooking } from '../bookings/read-booking.ts'
import { readEvent } from '../events/read-event.ts'
import type { LiveMessage } from '../live/live.ts'
import { shownBooking } from './bookings.graphql.ts'
import { shownEvent } from './events.graphql.ts'
import { watchBy, type Fields } from './field.ts'
import { watch } from './watch.ts'

type Watched = { id: number; after?: number }
type WatchedEvent = { event_id: number; after?: number }

/**
 * What is sent to all who look on (live/live.ts) is shown as it is. Where it depends on who looks on, by their language and by
 * what they ask for beside it, it is read again, as a query would.
 */
export const updateFields: Fields = {
  'Subscription.event_changed': watchBy(
    'GET /events/:id',
    (_, { id, after }: Watched, context) => watch(context, `event:${id}`, after),
    async ({ seq }: LiveMessage, { id }: Watched, context) => ({
      seq,
      event: shownEvent(context, await readEvent(context.deps.events, id)),
    }),
  ),

  'Subscription.sales': watchBy(
    'GET /events/:id/takings',
    (_, { event_id, after }: WatchedEvent, context) => watch(context, `event:${event_id}/sales`, after),
    ({ seq, data }: LiveMessage) => ({ seq, sales: data }),
  ),

  'Subscription.check_ins': watchBy(
    'GET /events/:id/check-in-counts',
    (_, { event_id, after }: WatchedEvent, context) => watch(context, `event:${event_id}/check-ins`, after),
    ({ seq, data }: LiveMessage) => ({ seq, counts: data }),
  ),

  'Subscription.my_updates': watchBy(
    'GET /auth/me',
    (_, { after }: { after?: number }, context) => watch(context, 'me', after),
    async ({ seq, type, data }: LiveMessage, _, context) => {
      if (type !== 'booking') return { seq, read_anew: type === 'read_anew', notification: data }
      const booking = await readBooking(context.deps, context.caller, (data as { id: number }).id)
      return { seq, read_anew: false, booking: shownBooking(context, booking) }
    },
  ),
}
