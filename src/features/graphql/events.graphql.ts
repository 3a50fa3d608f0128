import { Type } from 'typebox'
import { reading } from '../../db/transaction.ts'
import { checkerOf } from '../../http/validation.ts'
import { isOrganizerOf } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { eventFilter, eventFilters } from '../events/events.schema.ts'
import { listEvents } from '../events/events.sql.ts'
import { readEvent } from '../events/read-event.ts'
import { showEventV2 } from '../events/show-event.ts'
import { inOrder as imagesInOrder } from '../images/image.ts'
import { showImage } from '../images/show-image.ts'
import { showTicketType } from '../ticket-types/show-ticket-type.ts'
import { inOrder as typesInOrder } from '../ticket-types/ticket-type.ts'
import { findTicketType } from '../ticket-types/ticket-types.sql.ts'
import { connection, orderOf, pageArgs, Sorted } from './connection.graphql.ts'
import type { GraphContext } from './context.ts'
import { by, type Fields } from './field.ts'

const checkList = checkerOf(
  Type.Object({ ...pageArgs, ...eventFilters, sort: Sorted(['date', 'price', 'title', 'id']) }),
)

/** As it is shown, with the row that it is shown from. */
export const shownEvent = ({ language }: GraphContext, row: Event) => ({ ...showEventV2(row, language), row })
type ShownEvent = ReturnType<typeof shownEvent>

export const eventFields: Fields = {
  'Query.events': by('GET /events', (_, args, context) => {
    const { sort, ...query } = checkList(args)
    const { column, descending } = orderOf(sort)
    const listing = listEvents(eventFilter(query), column, descending)
    return connection(context.deps.database, listing, query, (event) => shownEvent(context, event))
  }),

  'Query.event': by('GET /events/:id', async (_, { id }: { id: number }, context) =>
    shownEvent(context, await readEvent(context.deps.events, id)),
  ),

  'Event.ticket_types': by('GET /events/:id/ticket-types', async ({ row }: ShownEvent, _, context) => {
    const { rows, caller, language, deps } = context
    const types = typesInOrder((await rows.typesOfEvent(row.id)) ?? [])
    const seen = isOrganizerOf(caller, row.organizer_id) ? types : types.filter(({ hidden }) => !hidden)
    const at = toTimestamp(deps.now())
    return seen.map((type) => showTicketType(type, row, at, language))
  }),

  'Event.images': by('GET /events/:id/images', async ({ row }: ShownEvent, _, { rows, deps }) => {
    const images = imagesInOrder((await rows.imagesOfEvent(row.id)) ?? [])
    return images.map((image) => showImage(deps, image, images))
  }),

  'Query.ticket_type': by('GET /ticket-types/:id', async (_, { id }: { id: number }, { deps, language }) => {
    const type = await reading(deps.database, (db) => findTicketType(db, id))
    const event = type && (await deps.events.find(type.event_id))
    if (!event) throw new DomainError('ticket_type_not_found')
    return showTicketType(type, event, toTimestamp(deps.now()), language)
  }),
}
