import { sql, type Insertable } from 'kysely'
import type { Db, Tx } from '../../db/database.ts'
import type { Dialect } from '../../db/dialect.ts'
import { byId, type Listing } from '../../db/page-query.ts'
import type { CheckInTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import type { CheckIn } from './check-in.ts'

/** What a list of check-ins may be narrowed to. */
export type CheckInFilter = {
  event_id: number
  ticket_id?: number | undefined
  ticket_type_id?: number | undefined
  door?: string | undefined
  kind?: CheckIn['kind'] | undefined
  from?: Timestamp | undefined
  to?: Timestamp | undefined
}

/** The check-ins of an event, newest first. */
export function listCheckIns(filter: CheckInFilter): Listing<CheckIn> {
  const { event_id, ticket_id, ticket_type_id, door, kind, from, to } = filter
  return {
    name: `check-ins ${JSON.stringify(filter)}`,
    order: { columns: [{ column: 'check_in.id', field: 'id' }], descending: true },
    select(db) {
      const all = db.selectFrom('check_in').selectAll()
      // Of a ticket, by its index alone, which is in order: `+ 0` keeps the event's out of it.
      let query =
        ticket_id === undefined
          ? all.where('event_id', '=', event_id)
          : all.where('ticket_id', '=', ticket_id).where(sql<boolean>`event_id + 0 = ${event_id}`)
      if (ticket_type_id !== undefined) query = query.where('ticket_type_id', '=', ticket_type_id)
      if (door !== undefined) query = query.where('door', '=', door)
      if (kind !== undefined) query = query.where('kind', '=', kind)
      if (from !== undefined) query = query.where('at', '>=', from)
      if (to !== undefined) query = query.where('at', '<=', to)
      return query
    },
  }
}

/** What the guest list of an event may be narrowed to. */
export type GuestFilter = {
  event_id: number
  ticket_type_id?: number | undefined
  status?: 'unused' | 'used' | undefined
  /** How the holder's name begins; small and capital letters are the same, beyond ASCII in MySQL alone. */
  name_start?: string | undefined
  /** As it is stored: who has this code is found, too. */
  code?: string | undefined
}

/** Who may come to an event: its tickets that are not void, by id. */
export function listGuests(filter: GuestFilter): Listing<Ticket> {
  const { event_id, ticket_type_id, status, name_start, code } = filter
  return {
    name: `guests ${JSON.stringify(filter)}`,
    order: byId('ticket'),
    select(db) {
      let query = db
        .selectFrom('ticket')
        .selectAll()
        .where('event_id', '=', event_id)
        .where('deleted_at', 'is', null)
        .where('status', '<>', 'void')
      if (ticket_type_id !== undefined) query = query.where('ticket_type_id', '=', ticket_type_id)
      if (status !== undefined) query = query.where('status', '=', status)
      if (name_start !== undefined) {
        const pattern = `${name_start.replaceAll(/[!%_]/g, '!$&')}%`
        const isNamed = sql<boolean>`lower(holder_name) like lower(${pattern}) escape '!'`
        query = query.where((eb) => (code === undefined ? isNamed : eb.or([isNamed, eb('ticket_code', '=', code)])))
      }
      return query
    },
  }
}

export async function findCheckIn(db: Db, id: number): Promise<CheckIn | undefined> {
  return db.selectFrom('check_in').selectAll().where('id', '=', id).executeTakeFirst()
}

/** The acts of a ticket that still count, in the order in which they were kept; conflicts changed nothing. */
export async function listLiveActs(tx: Tx, ticketId: number): Promise<CheckIn[]> {
  return tx
    .selectFrom('check_in')
    .selectAll()
    .where('ticket_id', '=', ticketId)
    .where('undone_at', 'is', null)
    .where('kind', '<>', 'conflict')
    .orderBy('id')
    .execute()
}

/** When the last row of a ticket was kept, a conflict too; undefined if there is none. */
export async function findLastKept(tx: Tx, ticketId: number): Promise<Timestamp | undefined> {
  const row = await tx
    .selectFrom('check_in')
    .select('created_at')
    .where('ticket_id', '=', ticketId)
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.created_at
}

export async function updateUndone(tx: Tx, id: number, at: Timestamp): Promise<void> {
  await tx.updateTable('check_in').set({ undone_at: at }).where('id', '=', id).execute()
}

/** The tickets of an event that may still admit somebody, by id, from after this one. */
export async function listTicketsAfter(db: Db, eventId: number, afterId: number, limit: number): Promise<Ticket[]> {
  return db
    .selectFrom('ticket')
    .selectAll()
    .where('event_id', '=', eventId)
    .where('id', '>', afterId)
    .where('status', '<>', 'void')
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Those of these tickets that exist, as they are until this transaction ends, locked by id. */
export async function lockTickets(tx: Tx, dialect: Dialect, ids: readonly number[]): Promise<Ticket[]> {
  return tx
    .selectFrom('ticket')
    .selectAll()
    .where('id', 'in', ids)
    .orderBy('id')
    .$if(dialect.locksRows, (query) => query.forUpdate())
    .execute()
}

/** What was kept of these scans. */
export async function listScans(tx: Tx, eventId: number, scanIds: readonly string[]): Promise<CheckIn[]> {
  return tx.selectFrom('check_in').selectAll().where('event_id', '=', eventId).where('scan_id', 'in', scanIds).execute()
}

/** The acts of these tickets in the order in which they were kept, also those undone since; no conflicts. */
export async function listActs(tx: Tx, ticketIds: readonly number[]): Promise<CheckIn[]> {
  const acts = await tx
    .selectFrom('check_in')
    .selectAll()
    .where('ticket_id', 'in', ticketIds)
    .where('kind', '<>', 'conflict')
    .execute()
  return acts.toSorted((a, b) => a.id - b.id)
}

export async function insertCheckIns(tx: Tx, rows: readonly Insertable<CheckInTable>[]): Promise<void> {
  await tx.insertInto('check_in').values(rows).execute()
}
