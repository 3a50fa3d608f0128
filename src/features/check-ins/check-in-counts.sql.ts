import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'

const doors_max = 200
const quarters_max = 500

/** How many; the databases' drivers don't agree on what a count or a sum is. */
type Count = number | string

const count = sql<Count>`count(*)`

/** Of each type of an event, how many of its tickets are not void, and how many of these are inside. */
export async function countGuests(db: Db, eventId: number) {
  return db
    .selectFrom('ticket')
    .select([
      'ticket_type_id',
      count.as('sold'),
      sql<Count>`sum(case when status = 'used' and left_at is null then 1 else 0 end)`.as('inside'),
    ])
    .where('event_id', '=', eventId)
    .where('deleted_at', 'is', null)
    .where('status', '<>', 'void')
    .groupBy('ticket_type_id')
    .execute()
}

export async function countAdmissionsByType(db: Db, eventId: number) {
  return admissions(db, eventId)
    .select(['ticket_type_id', count.as('admitted')])
    .groupBy('ticket_type_id')
    .execute()
}

/** The doors with the most admissions, the busiest first. */
export async function countAdmissionsByDoor(db: Db, eventId: number) {
  return admissions(db, eventId)
    .select(['door', count.as('admitted')])
    .groupBy('door')
    .orderBy('admitted', 'desc')
    .orderBy('door')
    .limit(doors_max)
    .execute()
}

/** The last quarters of an hour in which there were admissions, the last one first: `2025-01-15 10:30`. */
export async function countAdmissionsByQuarter(db: Db, eventId: number) {
  // Of what both databases understand: one has no `div`, and the other's `/` leaves fractions.
  const quarter = sql<string>`case when substr(at, 15, 2) < '15' then '00' when substr(at, 15, 2) < '30' then '15'
    when substr(at, 15, 2) < '45' then '30' else '45' end`
  return admissions(db, eventId)
    .select([sql<string>`substr(at, 1, 13)`.as('hour'), quarter.as('minute'), count.as('admitted')])
    .groupBy(['hour', 'minute'])
    .orderBy('hour', 'desc')
    .orderBy('minute', 'desc')
    .limit(quarters_max)
    .execute()
}

/** A ticket has one admission that counts at most: who comes back has returned. */
function admissions(db: Db, eventId: number) {
  return db
    .selectFrom('check_in')
    .where('event_id', '=', eventId)
    .where('kind', '=', 'admitted')
    .where('undone_at', 'is', null)
}
