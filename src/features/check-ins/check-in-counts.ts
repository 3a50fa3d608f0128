import { sharedRead, type SharedRead } from '../../db/shared-read.ts'
import type { Db } from '../../db/database.ts'
import { inSnapshot } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { listTicketTypes, listTypesByIds } from '../ticket-types/ticket-types.sql.ts'
import {
  countAdmissionsByDoor,
  countAdmissionsByQuarter,
  countAdmissionsByType,
  countGuests,
} from './check-in-counts.sql.ts'

/** How far an event has come in, of what is sold. */
export type CheckInCounts = Readonly<{
  /** The event's. */
  id: number
  sold: number
  admitted: number
  inside: number
  by_door: { door: string; admitted: number }[]
  by_type: { ticket_type_id: number; name: string; sold: number; admitted: number }[]
  by_quarter: { from: string; admitted: number }[]
}>

/** Opens the reading of counts: it goes through an event's tickets, so all who look at one event at once share it. */
export function openCheckInCounts({ database }: Pick<Deps, 'database'>): SharedRead<CheckInCounts> {
  return sharedRead(database, (_db, ids: readonly number[]) =>
    inSnapshot(database, async (db) => {
      const counts: CheckInCounts[] = []
      for (const id of ids) counts.push(await readCounts(db, id))
      return counts
    }),
  )
}

async function readCounts(db: Db, id: number): Promise<CheckInCounts> {
  const guests = new Map((await countGuests(db, id)).map((row) => [row.ticket_type_id, row]))
  const admissions = new Map((await countAdmissionsByType(db, id)).map((row) => [row.ticket_type_id, row]))
  const doors = await countAdmissionsByDoor(db, id)
  const quarters = await countAdmissionsByQuarter(db, id)
  const by_type = (await listTypesOf(db, id, [...guests.keys(), ...admissions.keys()])).map((type) => ({
    ticket_type_id: type.id,
    name: type.name,
    sold: Number(guests.get(type.id)?.sold ?? 0),
    admitted: Number(admissions.get(type.id)?.admitted ?? 0),
  }))
  return {
    id,
    sold: sumOf(by_type.map(({ sold }) => sold)),
    admitted: sumOf(by_type.map(({ admitted }) => admitted)),
    inside: sumOf([...guests.values()].map(({ inside }) => Number(inside))),
    by_door: doors.map(({ door, admitted }) => ({ door, admitted: Number(admitted) })),
    by_type,
    by_quarter: quarters
      .map(({ hour, minute, admitted }) => ({ from: toRfc3339(`${hour}:${minute}:00`), admitted: Number(admitted) }))
      .toReversed(),
  }
}

/** The types that are sold, and those of tickets whose type is sold no more. */
async function listTypesOf(db: Db, eventId: number, ids: readonly number[]) {
  const types = new Map((await listTicketTypes(db, eventId)).map((type) => [type.id, type]))
  const gone = ids.filter((id) => !types.has(id))
  if (gone.length > 0) for (const type of await listTypesByIds(db, gone)) types.set(type.id, type)
  return [...types.values()].toSorted((a, b) => a.id - b.id)
}

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)
