import { setTimeout as sleep } from 'node:timers/promises'
import { CommitOutcomeUnknown, type Group, type GroupWrite, type RunGroup } from '../../db/group/group.ts'
import { idBlocks } from '../../db/id-blocks.ts'
import { inTransaction, refusalOf } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp, type Timestamp } from '../../lib/time.ts'
import type { Booking } from './booking.ts'
import { decideGroup, type Customer, type EventOnSale, type Order } from './booking-group.ts'
import { lockEvents } from './bookings.sql.ts'
import { keyColumns, type IdempotencyKey } from './idempotency.ts'

/** An order with a name for each ticket, and its Idempotency-Key if it came with one. */
export type PlacedOrder = Order & { holders: readonly string[]; key?: IdempotencyKey | undefined }

const attempts_max = 10
const draws_max = 5
const find_out_ms_max = 15_000

const bookingColumns = [
  'id',
  'customer_id',
  'event_id',
  'quantity',
  'total_price',
  'status',
  'created_at',
  'updated_at',
] as const
const ticketColumns = ['id', 'booking_id', 'holder_name', 'ticket_code', 'status', 'created_at', 'updated_at'] as const

/**
 * Books a group of orders in one transaction (docs/decisions/0009-group-commit.md). Each gets its booking, or the
 * error that it alone is refused with; one that the database won't take fails alone, and its neighbours go through.
 */
export function groupCommitter(deps: Deps): (orders: readonly PlacedOrder[]) => Promise<(Booking | Error)[]> {
  const run: RunGroup = deps.database.openGroups()
  const bookingIds = idBlocks(deps.database, 'booking')
  const ticketIds = idBlocks(deps.database, 'ticket')

  async function commitGroup(orders: readonly PlacedOrder[]): Promise<(Booking | Error)[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await once(orders)
      } catch (error) {
        // A refusal that is meant for all of them; above all, an unknown outcome must not be tried again.
        if (error instanceof DomainError) return orders.map(() => error)
        const meaning = deps.database.dialect.meaningOf(error)
        if (meaning === 'unavailable') return orders.map(() => refusalOf(deps.database, error) as Error)
        if (meaning === 'conflict') {
          if (attempt === attempts_max) return orders.map(() => refusalOf(deps.database, error) as Error)
          await sleep(Math.random() * 2 ** attempt)
        } else if (error instanceof Undone) {
          if (attempt === attempts_max)
            return orders.map(() => new DomainError('database_unavailable', undefined, { cause: error }))
        } else if (meaning === 'duplicate' && attempt < (orders.length === 1 ? draws_max : 2)) {
          // Most likely two codes that clash: the next attempt draws new ones for all.
        } else if (orders.length === 1) {
          return [
            meaning === 'duplicate' ? new DomainError('server_busy', undefined, { cause: error }) : (error as Error),
          ]
        } else {
          const middle = orders.length >> 1
          return [...(await commitGroup(orders.slice(0, middle))), ...(await commitGroup(orders.slice(middle)))]
        }
      }
    }
  }

  async function once(orders: readonly PlacedOrder[]): Promise<(Booking | Error)[]> {
    await bookingIds.reserve(orders.length)
    await ticketIds.reserve(orders.reduce((sum, { quantity }) => sum + quantity, 0))
    let planned: (Booking | Error)[] = []
    try {
      await run(async (group) => {
        planned = await decide(group, orders, toTimestamp(deps.now()))
        const bookings = made(planned)
        if (bookings.length > 0) await group.commit(writesOf(planned, orders))
      })
    } catch (error) {
      if (!(error instanceof CommitOutcomeUnknown)) throw error
      if (!(await wasCommitted(planned, error))) throw new Undone()
    }
    return planned
  }

  async function decide(group: Group, orders: readonly PlacedOrder[], at: Timestamp): Promise<(Booking | Error)[]> {
    const [events, customers] = (await group.read([
      {
        select: 'select id, price, available_seat, closed, date from event',
        ids: ascending(orders.map(({ event_id }) => event_id)),
        lock: 'update',
      },
      {
        select: 'select id, role from user',
        ids: ascending(orders.map(({ customer_id }) => customer_id)),
        lock: 'share',
      },
    ])) as unknown as [EventOnSale[], Customer[]]
    const decisions = decideGroup(orders, byId(events), byId(customers), at)
    return decisions.map((decision, index) => {
      if (decision instanceof Error) return decision
      const { customer_id, event_id, quantity } = orders[index]!
      return {
        id: bookingIds.next(),
        customer_id,
        event_id,
        quantity,
        total_price: decision.total_price,
        status: 'success',
        created_at: at,
        updated_at: at,
      }
    })
  }

  function writesOf(planned: readonly (Booking | Error)[], orders: readonly PlacedOrder[]): GroupWrite[] {
    const bookings: (string | number)[][] = []
    const tickets: (string | number)[][] = []
    const keys: (string | number)[][] = []
    const seats = new Map<number, number>()
    let at: Timestamp = ''
    for (const [index, booking] of planned.entries()) {
      if (booking instanceof Error) continue
      const { holders, key } = orders[index]!
      at = booking.created_at
      bookings.push(bookingColumns.map((column) => booking[column]))
      for (const holder of holders) {
        tickets.push([ticketIds.next(), booking.id, holder, deps.newCode(), 'unused', at, at])
      }
      if (key) keys.push([key.scope, key.key, key.fingerprint, JSON.stringify(booking), at])
      seats.set(booking.event_id, (seats.get(booking.event_id) ?? 0) + booking.quantity)
    }
    return [
      { kind: 'subtract', table: 'event', column: 'available_seat', amounts: [...seats], at },
      { kind: 'insert', table: 'booking', columns: bookingColumns, rows: bookings },
      { kind: 'insert', table: 'ticket', columns: ticketColumns, rows: tickets },
      ...(keys.length > 0
        ? [{ kind: 'insert' as const, table: 'idempotency_key', columns: keyColumns, rows: keys }]
        : []),
    ]
  }

  /**
   * Finds out what became of a commit whose answer was lost. The lost transaction holds its events until it has
   * ended, one way or the other; so who gets their locks sees its end, and the group's first booking is there, or not.
   */
  async function wasCommitted(planned: readonly (Booking | Error)[], cause: unknown): Promise<boolean> {
    const bookings = made(planned)
    const until = performance.now() + find_out_ms_max
    for (;;) {
      try {
        return await inTransaction(deps.database, async (tx) => {
          await lockEvents(tx, deps.database.dialect, ascending(bookings.map(({ event_id }) => event_id)))
          const found = await tx.selectFrom('booking').select('id').where('id', '=', bookings[0]!.id).executeTakeFirst()
          return found !== undefined
        })
      } catch (error) {
        if (!(error instanceof DomainError) || performance.now() > until) throw refusalOf(deps.database, cause)
        await sleep(250)
      }
    }
  }

  return commitGroup
}

/** A commit that is known not to have happened. */
class Undone extends Error {
  override name = 'Undone'
}

function made(planned: readonly (Booking | Error)[]): Booking[] {
  return planned.filter((one): one is Booking => !(one instanceof Error))
}

function ascending(ids: readonly number[]): number[] {
  return [...new Set(ids)].toSorted((a, b) => a - b)
}

function byId<Row extends { id: number }>(rows: readonly Row[]): Map<number, Row> {
  return new Map(rows.map((row) => [row.id, row]))
}
