import { Type } from 'typebox'
import { checkerOf } from '../../http/validation.ts'
import { assertMayCheckIn, type Caller } from '../../lib/caller.ts'
import { checkInTicket } from '../check-ins/check-in-ticket.ts'
import { checkInFilter, CheckInBody, CheckInQuery } from '../check-ins/check-ins.schema.ts'
import { listCheckIns } from '../check-ins/check-ins.sql.ts'
import { showCheckIn } from '../check-ins/show-check-in.ts'
import { undoCheckIn } from '../check-ins/undo-check-in.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { doOnce } from '../idempotency/answer-once.ts'
import { connection, pageArgs } from './connection.graphql.ts'
import type { GraphDeps } from './context.ts'
import { by, type Fields } from './field.ts'

const { limit: _limit, cursor: _cursor, ...checkInFilters } = CheckInQuery.properties
const checkList = checkerOf(Type.Object({ ...pageArgs, ...checkInFilters }))
const checkScan = checkerOf(CheckInBody)

type Keyed = { idempotency_key?: string }

export const checkInFields: Fields = {
  'Query.check_in_counts': by(
    'GET /events/:id/check-in-counts',
    async (_, { event_id }: { event_id: number }, { deps, caller }) => {
      const event = await readDoors(deps, caller, event_id)
      return deps.counts.find(event.id)
    },
  ),

  'Query.check_ins': by('GET /check-ins', async (_, args, { deps, caller }) => {
    const query = checkList(args)
    await readDoors(deps, caller, query.event_id)
    return connection(deps.database, listCheckIns(checkInFilter(query)), query, showCheckIn)
  }),

  'Mutation.check_in': by(
    'POST /check-ins',
    async (_, { input, idempotency_key }: Keyed & { input: object }, { deps, caller, noteReplay }) => {
      const scan = checkScan(input)
      const { result, replayed } = await doOnce(deps, caller, idempotency_key, 'check in', scan, (_keep, key) =>
        checkInTicket(deps, caller, scan, key),
      )
      if (replayed) noteReplay()
      return result
    },
  ),

  'Mutation.undo_check_in': by(
    'POST /check-ins/:id/undo',
    async (_, { id, idempotency_key }: Keyed & { id: number }, { deps, caller, noteReplay }) => {
      const { result, replayed } = await doOnce(deps, caller, idempotency_key, 'undo check-in', id, (keep) =>
        undoCheckIn(deps, caller, id, keep),
      )
      if (replayed) noteReplay()
      return showCheckIn(result)
    },
  ),
}

/** The event at whose doors the caller stands. */
async function readDoors({ events }: GraphDeps, caller: Caller, id: number): Promise<Event> {
  const event = await readEvent(events, id)
  assertMayCheckIn(caller, event)
  return event
}
