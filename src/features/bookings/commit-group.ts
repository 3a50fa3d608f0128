import { setTimeout as sleep } from 'node:timers/promises'
import { changeWrite, type Changes } from '../../db/changes.ts'
import type { Database } from '../../db/database.ts'
import { begin_ms_max, breakUp, isHeldUpByOne, keepApart } from '../../db/group/break-up.ts'
import {
  CommitOutcomeUnknown,
  type Group,
  type GroupGuard,
  type GroupWrite,
  type RunGroup,
  type SqlValue,
} from '../../db/group/group.ts'
import { idBlocks } from '../../db/id-blocks.ts'
import { inTransaction, refusalOf, retry_ms_max } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { count, eventLabel, isRecorded } from '../../lib/metrics.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import { auditColumns, auditValues, type Change } from '../audit/record.ts'
import type { Booking } from './booking.ts'
import {
  decideGroup,
  type CanPay,
  type Customer,
  type Decision,
  type EventOnSale,
  type Order,
  type TypeOnSale,
} from './booking-group.ts'
import { deleteFences, findBookingLocked, lockEvents, putUpFence } from './bookings.sql.ts'
import { ticketColumns, ticketRow } from './ticket-row.ts'
import { bookingMessages } from '../mail/mail-bookings.ts'
import { messageColumns, messageValues } from '../outbox/put.ts'
import { keyColumns, keyValues, type IdempotencyKey } from '../idempotency/idempotency.ts'

/** An order, who gave it, and its Idempotency-Key if it came with one. */
export type PlacedOrder = Order & { caller: Caller; key?: IdempotencyKey | undefined }

/** A booking that is decided, and what its tickets are, or will be when it is paid. */
type Planned = { booking: Booking } & Pick<Exclude<Decision, Error>, 'items' | 'typeSeats'>

const attempts_max = 10
const draws_max = 5
const undone_max = 2
const find_out_ms_max = 15_000
const fence_kept_ms = 24 * 60 * 60 * 1_000
const events_seen_max = 10_000
const customers_seen_max = 100_000

const bookingColumns = [
  'id',
  'customer_id',
  'event_id',
  'organizer_id',
  'quantity',
  'total_price',
  'currency',
  'status',
  'expires_at',
  'created_at',
  'updated_at',
] as const
const holdColumns = ['booking_id', 'event_id', 'expires_at', 'items'] as const

/**
 * Books a group of orders in one transaction (docs/decisions/0009-group-commit.md). Each gets its booking, or the
 * error that it alone is refused with; one that the database won't take fails alone, and its neighbours go through.
 */
export function groupCommitter(
  deps: Deps,
  canPay?: CanPay,
): (orders: readonly PlacedOrder[]) => Promise<(Booking | Error)[]> {
  const run: RunGroup = deps.database.openGroups()
  const bookingIds = idBlocks(deps.database, 'booking')
  const ticketIds = idBlocks(deps.database, 'ticket')

  async function keepGroup(orders: readonly PlacedOrder[], since_ms = performance.now()): Promise<(Booking | Error)[]> {
    const { dialect } = deps.database
    const waited_ms = () => performance.now() - since_ms
    const keepSome = (some: readonly PlacedOrder[]) => keepGroup(some, since_ms)
    if (waited_ms() > begin_ms_max) return orders.map(() => new DomainError('server_busy'))
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(orders)
      } catch (error) {
        // A refusal that is meant for all of them; above all, an unknown outcome must not be tried again.
        if (error instanceof DomainError) return orders.map(() => error)
        const meaning = dialect.meaningOf(error)
        if (meaning === 'unavailable') return orders.map(() => refusalOf(deps.database, error) as Error)
        if (meaning === 'conflict') {
          if (isHeldUpByOne(dialect, error, orders, rowOf)) return keepApart(orders, rowOf, keepSome)
          if (attempt === attempts_max || waited_ms() > retry_ms_max)
            return orders.map(() => refusalOf(deps.database, error) as Error)
          await sleep(Math.random() * 2 ** attempt)
        } else if (error instanceof Undone) {
          // Lost again and again: it may be larger than what the server takes in one packet.
          if (attempt >= undone_max && orders.length > 1) return breakUp(dialect, orders, error, keepSome)
          if (attempt === attempts_max)
            return orders.map(() => new DomainError('database_unavailable', undefined, { cause: error }))
        } else if (meaning === 'duplicate' && attempt < (orders.length === 1 ? draws_max : 2)) {
          // Two codes that clash, or ids that somebody has taken by hand: the next attempt has new ones for all.
          bookingIds.abandon()
          ticketIds.abandon()
        } else return breakUp(dialect, orders, error, keepSome)
      }
    }
  }

  /**
   * What this server has last seen of the events and customers of its orders. Never believed: a group that goes
   * by it is guarded, and goes the long way if anything has changed.
   */
  const seen = { events: new Map<number, EventOnSale>(), customers: new Map<number, Customer>() }

  async function once(orders: readonly PlacedOrder[]): Promise<(Booking | Error)[]> {
    await reserveIds(orders)
    const at = toTimestamp(deps.now())
    const planned = plan(orders, decideGroup(orders, seen.events, seen.customers, at, canPay), at)
    // All or nothing: whoever is refused is refused by what is in the database, not by what was seen.
    const allFit = planned.every((one) => !(one instanceof Error))
    if (allFit && (await atOnce(orders, made(planned)))) return bookingsOf(planned)
    return theLongWay(orders)
  }

  async function reserveIds(orders: readonly PlacedOrder[]): Promise<void> {
    await bookingIds.reserve(orders.length)
    await ticketIds.reserve(orders.reduce((sum, { quantity }) => sum + quantity, 0))
  }

  /** One trip. False if the guard did not hold, or anything else went wrong without anything being kept. */
  async function atOnce(orders: readonly PlacedOrder[], planned: readonly Planned[]): Promise<boolean> {
    const eventIds = ascending(orders.map(({ event_id }) => event_id))
    const bookings = planned.map(({ booking }) => booking)
    const guard: GroupGuard = {
      // It counts every change of an event and of its types, so all that was gone by is as it was seen.
      versions: eventIds.map((id) => [id, seen.events.get(id)!.version] as const),
      rows: {
        table: 'user',
        ids: ascending(orders.map(({ customer_id }) => customer_id)),
        equal: { role: 'customer', deleted_at: null },
      },
      fence: bookings[0]!.id,
    }
    try {
      await run((group) => group.commitAtOnce(guard, writesOf(planned, orders)))
    } catch (error) {
      for (const id of eventIds) seen.events.delete(id)
      if (error instanceof CommitOutcomeUnknown) return wasCommitted(bookings, error)
      const { dialect } = deps.database
      // The long way would wait for the same row as long again.
      const isInVain = dialect.meaningOf(error) === 'unavailable' || dialect.isLockTimeout(error)
      if (error instanceof DomainError || isInVain) throw error
      return false
    }
    for (const one of planned) takeSeen(one)
    return true
  }

  /** Two trips: lock and look, then write what was decided on what is there. */
  async function theLongWay(orders: readonly PlacedOrder[]): Promise<(Booking | Error)[]> {
    // Those of a group that went at once and failed are spent.
    await reserveIds(orders)
    let planned: (Planned | Error)[] = []
    try {
      await run(async (group) => {
        planned = await decide(group, orders, toTimestamp(deps.now()))
        if (made(planned).length > 0) await group.commit(writesOf(planned, orders))
      })
    } catch (error) {
      if (!(error instanceof CommitOutcomeUnknown)) throw error
      const bookings = made(planned).map(({ booking }) => booking)
      if (!(await wasCommitted(bookings, error))) throw new Undone()
    }
    return bookingsOf(planned)
  }

  async function decide(group: Group, orders: readonly PlacedOrder[], at: Timestamp): Promise<(Planned | Error)[]> {
    const eventIds = ascending(orders.map(({ event_id }) => event_id))
    const [rows, types, customers] = (await group.read([
      {
        select:
          'select id, organizer_id, available_seat, closed, date, deleted_at, cancelled_at, sales_open_at, ' +
          'sales_close_at, currency, hold_minutes, version from event',
        ids: eventIds,
        lock: 'update',
      },
      {
        select:
          'select id, event_id, price, available_seat, sales_open_at, sales_close_at, min_per_booking, ' +
          'max_per_booking, hidden, position, deleted_at from ticket_type',
        by: 'event_id',
        ids: eventIds,
        // Whoever changes a type has its event locked, as this group has.
        lock: 'none',
      },
      {
        select: 'select id, role, deleted_at from user',
        ids: ascending(orders.map(({ customer_id }) => customer_id)),
        lock: 'share',
      },
    ])) as unknown as [Omit<EventOnSale, 'types'>[], TypeOnSale[], Customer[]]
    const events = withTypes(rows, types)
    const decisions = decideGroup(orders, byId(events), byId(customers), at, canPay)
    const planned = plan(orders, decisions, at)
    remember(events, customers, planned)
    return planned
  }

  function plan(orders: readonly PlacedOrder[], decisions: readonly Decision[], at: Timestamp): (Planned | Error)[] {
    return decisions.map((decision, index) => {
      if (decision instanceof Error) return decision
      const { customer_id, event_id, quantity } = orders[index]!
      const { items, typeSeats, organizer_id, total_price, currency, expires_at } = decision
      const booking: Booking = {
        id: bookingIds.next(),
        customer_id,
        event_id,
        organizer_id,
        quantity,
        total_price,
        currency,
        status: expires_at === null ? 'success' : 'pending',
        refunded: 0,
        expires_at,
        deleted_at: null,
        created_at: at,
        updated_at: at,
      }
      return { booking, items, typeSeats }
    })
  }

  function writesOf(planned: readonly (Planned | Error)[], orders: readonly PlacedOrder[]): GroupWrite[] {
    const bookings: SqlValue[][] = []
    const tickets: SqlValue[][] = []
    const holds: SqlValue[][] = []
    const keys: SqlValue[][] = []
    const history: SqlValue[][] = []
    const seats = new Map<number, number>()
    const seatsOfTypes = new Map<number, number>()
    let at: Timestamp = ''
    for (const [index, one] of planned.entries()) {
      if (one instanceof Error) continue
      const { booking, items } = one
      const { key, caller } = orders[index]!
      at = booking.created_at
      bookings.push(bookingColumns.map((column) => booking[column]))
      if (booking.expires_at === null) {
        for (const item of items) {
          for (const holder of item.holder_names) {
            tickets.push(ticketRow(ticketIds.next(), booking, item, holder, deps.newCode(), at))
          }
        }
      } else holds.push([booking.id, booking.event_id, booking.expires_at, JSON.stringify(items)])
      history.push(auditValues(caller, at, creationOf(booking)))
      if (key) keys.push(keyValues(key, booking, at))
      seats.set(booking.event_id, (seats.get(booking.event_id) ?? 0) + booking.quantity)
      for (const [id, count] of one.typeSeats) seatsOfTypes.set(id, (seatsOfTypes.get(id) ?? 0) + count)
    }
    // One for all, so that a group pays for a row and not for its mails.
    const kept = made(planned).map(({ booking }) => booking)
    const messages: SqlValue[][] = bookingMessages(kept.map(({ id }) => id), at).map(messageValues) // prettier-ignore
    const inserts = [
      { kind: 'insert' as const, table: 'booking', columns: bookingColumns, rows: bookings },
      { kind: 'insert' as const, table: 'ticket', columns: ticketColumns, rows: tickets },
      { kind: 'insert' as const, table: 'hold', columns: holdColumns, rows: holds },
      { kind: 'insert' as const, table: 'audit_entry', columns: auditColumns, rows: history },
      { kind: 'insert' as const, table: 'idempotency_key', columns: keyColumns, rows: keys },
      { kind: 'insert' as const, table: 'outbox', columns: messageColumns, rows: messages },
    ]
    const fewer = (table: string, amounts: Map<number, number>): GroupWrite[] =>
      amounts.size === 0 ? [] : [{ kind: 'subtract', table, column: 'available_seat', amounts: [...amounts], at }]
    return [
      ...fewer('event', seats),
      ...fewer('ticket_type', seatsOfTypes),
      ...inserts.filter(({ rows }) => rows.length > 0),
      changeWrite(changesOf(kept), at),
    ]
  }

  /**
   * Finds out what became of a commit whose answer was lost, and makes sure that it stays so. A fence stops a group
   * that has not locked its events yet; one that has keeps them locked until it has ended, so who gets the locks
   * behind the fence sees the end: the group's first booking is there, or never will be.
   *
   * @throws DomainError `outcome_unknown` if that takes too long: a database that says nothing is waited for elsewhere
   */
  async function wasCommitted(bookings: readonly Booking[], cause: unknown): Promise<boolean> {
    const late = sleep(find_out_ms_max, undefined, { ref: false }).then(() => {
      throw refusalOf(deps.database, cause)
    })
    return Promise.race([findOut(bookings, cause), late])
  }

  async function findOut(bookings: readonly Booking[], cause: unknown): Promise<boolean> {
    const [first] = bookings as [Booking]
    const { dialect } = deps.database
    const eventIds = ascending(bookings.map(({ event_id }) => event_id))
    const until = performance.now() + find_out_ms_max
    for (;;) {
      try {
        await inTransaction(deps.database, (tx) => putUpFence(tx, first.id, toTimestamp(deps.now())))
        const found = await inTransaction(deps.database, async (tx) => {
          await lockEvents(tx, dialect, eventIds)
          return findBookingLocked(tx, dialect, first.id)
        })
        if (!found || isSame(found, first)) return found !== undefined
        // Somebody has put a row of theirs there, and the group could not.
        bookingIds.abandon()
        ticketIds.abandon()
        return false
      } catch (error) {
        if (!(error instanceof DomainError) || performance.now() > until) throw refusalOf(deps.database, cause)
        await sleep(250)
      }
    }
  }

  function remember(
    events: readonly EventOnSale[],
    customers: readonly Customer[],
    planned: readonly (Planned | Error)[],
  ): void {
    for (const event of events) {
      if (seen.events.size >= events_seen_max) seen.events.clear()
      seen.events.set(event.id, event)
    }
    for (const customer of customers) {
      if (seen.customers.size >= customers_seen_max) seen.customers.clear()
      seen.customers.set(customer.id, customer)
    }
    for (const one of made(planned)) takeSeen(one)
  }

  function takeSeen({ booking, typeSeats }: Planned): void {
    const event = seen.events.get(booking.event_id)
    if (!event) return
    event.available_seat -= booking.quantity
    for (const [typeId, count] of typeSeats) {
      const type = event.types.find(({ id }) => id === typeId)
      if (type?.available_seat) type.available_seat -= count
    }
  }

  // Apart from what is tried again: whatever fails from here on, the bookings are kept.
  return async (orders) => {
    const results = await keepGroup(orders)
    const bookings = made(results)
    if (bookings.length > 0) {
      deps.database.changes.tell(changesOf(bookings))
      countSold(bookings)
      deps.wake()
    }
    return results
  }
}

/** Removes the fences of groups that can't be on their way any more: those of yesterday. Returns how many. */
export async function removeOldFences(database: Database, now: Date): Promise<number> {
  const before = toTimestamp(new Date(now.getTime() - fence_kept_ms))
  return inTransaction(database, (tx) => deleteFences(tx, before))
}

/** What an order has locked for it, and others may have. */
const rowOf = ({ event_id }: PlacedOrder) => event_id

/** A commit that is known not to have happened. */
class Undone extends Error {
  override name = 'Undone'
}

/** Whether a row is this booking, and not somebody else's under its id. */
function isSame(found: Booking, { customer_id, event_id, created_at }: Booking): boolean {
  return found.customer_id === customer_id && found.event_id === event_id && found.created_at === created_at
}

function creationOf({ id, event_id, customer_id, organizer_id, quantity, total_price }: Booking): Change {
  const became = { event_id, customer_id, quantity, total_price }
  return { action: 'booking_created', entity: 'booking', entity_id: id, organizer_id, became }
}

function changesOf(bookings: readonly Booking[]): Changes {
  return {
    events: [...new Set(bookings.map(({ event_id }) => event_id))],
    bookings: bookings.map(({ id, customer_id }) => [id, customer_id] as const),
    check_ins: [],
    mails: [],
  }
}

/** What is still to be paid is not sold. */
function countSold(bookings: readonly Booking[]): void {
  if (!isRecorded()) return
  for (const { event_id, quantity, status } of bookings) {
    if (status === 'success') count('karcis_tickets_sold_total', { event: eventLabel(event_id) }, quantity)
  }
}

function made<Result>(planned: readonly (Result | Error)[]): Result[] {
  return planned.filter((one): one is Result => !(one instanceof Error))
}

function bookingsOf(planned: readonly (Planned | Error)[]): (Booking | Error)[] {
  return planned.map((one) => (one instanceof Error ? one : one.booking))
}

function withTypes(rows: readonly Omit<EventOnSale, 'types'>[], types: readonly TypeOnSale[]): EventOnSale[] {
  if (rows.length === 1) return [{ ...rows[0]!, types }]
  const ofEvent = Map.groupBy(types, ({ event_id }) => event_id)
  return rows.map((row) => ({ ...row, types: ofEvent.get(row.id) ?? [] }))
}

function ascending(ids: readonly number[]): number[] {
  return [...new Set(ids)].toSorted((a, b) => a - b)
}

function byId<Row extends { id: number }>(rows: readonly Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [row.id, row]))
}
