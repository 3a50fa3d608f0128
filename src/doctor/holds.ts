import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { limited, type Finding } from './finding.ts'

/** Each with up to a thousand names in it. */
const holds_at_once = 200
const types_at_once = 500

type Item = { ticket_type_id: number; price: number; holder_names: string[] }

/**
 * What breaks the rules about items of holds: their seats and prices are those of the booking, and the seats gone of a
 * ticket type that has its own are those in tickets and in holds. The items are JSON, which the databases read in
 * different ways, so they are read here, page by page.
 */
export async function diagnoseHolds(db: Db): Promise<Finding[]> {
  const { seats, wrong } = await countHeldSeats(db)
  return [...limited('hold items', wrong, wrong.length), ...(await diagnoseTypes(db, seats))]
}

/** By ticket type, the seats in all holds; and which bookings have other holds than they should. */
async function countHeldSeats(db: Db): Promise<{ seats: Map<number, number>; wrong: string[] }> {
  const seats = new Map<number, number>()
  const wrong: string[] = []
  for (let after = 0; ;) {
    const holds = await db
      .selectFrom('hold')
      .innerJoin('booking', 'booking.id', 'hold.booking_id')
      .select(['booking.id', 'booking.quantity', 'booking.total_price', 'hold.items'])
      .where('booking.status', '=', 'pending')
      .where('booking.deleted_at', 'is', null)
      .where('hold.booking_id', '>', after)
      .orderBy('hold.booking_id')
      .limit(holds_at_once)
      .execute()
    for (const { id, quantity, total_price, items: json } of holds) {
      const items = itemsOf(json)
      let [held, price] = [0, 0]
      for (const item of items ?? []) {
        const count = item.holder_names.length
        seats.set(item.ticket_type_id, (seats.get(item.ticket_type_id) ?? 0) + count)
        held += count
        price += count * item.price
      }
      if (!items) wrong.push(`the hold of booking ${id} can't be read`)
      else if (held !== quantity || price !== total_price)
        wrong.push(`booking ${id} of ${quantity} for ${total_price}: its hold has ${held} for ${price}`)
    }
    if (holds.length < holds_at_once) return { seats, wrong }
    after = holds.at(-1)!.id
  }
}

async function diagnoseTypes(db: Db, held: ReadonlyMap<number, number>): Promise<Finding[]> {
  type Type = { id: number; capacity: number; available_seat: number | null; good: number }
  // In sound books, these are the types that have holds.
  const { rows } = await sql<Type>`
    select ticket_type.id, capacity, available_seat, coalesce(seats, 0) as good from ticket_type
    left join (select ticket_type_id, count(*) as seats from ticket
      where status <> 'void' and deleted_at is null group by ticket_type_id) as counted
      on counted.ticket_type_id = ticket_type.id
    where capacity is not null and (available_seat is null or available_seat < 0 or available_seat > capacity
      or capacity - available_seat <> coalesce(seats, 0))
    order by ticket_type.id`.execute(db)
  const wrong = rows
    .filter(
      ({ id, capacity, available_seat, good }) =>
        available_seat === null ||
        available_seat < 0 ||
        available_seat > capacity ||
        capacity - available_seat !== good + (held.get(id) ?? 0),
    )
    .map(
      ({ id, capacity, available_seat, good }) =>
        `ticket type ${id}: ${available_seat} of ${capacity} seats left, ${held.get(id) ?? 0} held, ${good} in tickets`,
    )
  const looked_at = new Set(rows.map(({ id }) => id))
  const rest = [...held].filter(([id, seats]) => seats > 0 && !looked_at.has(id)).map(([id]) => id)
  for (let start = 0; start < rest.length; start += types_at_once) {
    const ids = rest.slice(start, start + types_at_once)
    const types = await db
      .selectFrom('ticket_type')
      .select('id')
      .where('id', 'in', ids)
      .where('capacity', 'is not', null)
      .execute()
    for (const { id } of types) wrong.push(`ticket type ${id}: ${held.get(id)} seats are held, and not gone`)
  }
  return limited('ticket type seats', wrong, wrong.length)
}

function itemsOf(json: string): Item[] | undefined {
  let items: unknown
  try {
    items = JSON.parse(json)
  } catch {
    return undefined
  }
  return Array.isArray(items) && items.every(isItem) ? items : undefined
}

function isItem(value: unknown): value is Item {
  if (typeof value !== 'object' || value === null) return false
  const { ticket_type_id, price, holder_names } = value as Partial<Record<keyof Item, unknown>>
  return Number.isSafeInteger(ticket_type_id) && Number.isSafeInteger(price) && Array.isArray(holder_names)
}
