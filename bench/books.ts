import type { Sql } from './databases.ts'

/** What is in the tables before a case. */
export type Fill = {
  events: number
  capacity: number
  /** An event more that is sold out, with so many tickets in bookings of two; an even number, or 0 for none. */
  tickets: number
}

export const customers = 1_000
export const organizer = customers + 1
export const users = organizer
const rows_at_once = 100_000
export const at = "'2025-01-15 10:30:00'"

/**
 * Fills the tables by SQL that both databases understand. Ticket codes are unique and come in no order, as
 * those of real bookings do, so that their index grows as it does in use.
 */
export async function fillTables(sql: Sql, { events, capacity, tickets }: Fill): Promise<void> {
  await insertNumbered(sql, users, 'user (id, name, email, email_key, password_hash, role, created_at, updated_at)', [
    "i, concat('User ', i), concat('user', i, '@example.com'), concat('user', i, '@example.com'), 'none'",
    `case when i = ${organizer} then 'organizer' else 'customer' end, ${at}, ${at}`,
  ])
  const eventColumns =
    'event (id, organizer_id, title, location, capacity, available_seat, price, date, created_at, updated_at)'
  const place = `${organizer}, concat('Konser Musik Nusantara ', i), 'Stadion Utama, Jakarta'`
  const rest = `500000, '2099-12-31 19:00:00', ${at}, ${at}`
  await insertNumbered(sql, events, eventColumns, ['i', place, `${capacity}, ${capacity}`, rest])
  const typeColumns =
    'ticket_type (id, event_id, name, price, capacity, available_seat, position, created_at, updated_at)'
  await insertNumbered(sql, events, typeColumns, [`i, i, 'Umum', 500000, null, null, 0, ${at}, ${at}`])
  const own = `${capacity}, ${capacity}, 1, ${at}, ${at}`
  await insertNumbered(sql, events, typeColumns, [`${typeWithOwnSeats('i')}, i, 'VIP', 500000, ${own}`])
  if (tickets === 0) return

  const past = soldOutEvent({ events })
  await insertNumbered(sql, 1, eventColumns, [`${past}`, place, `${tickets}, 0`, rest])
  await insertNumbered(sql, 1, typeColumns, [`${past}, ${past}, 'Umum', 500000, null, null, 0, ${at}, ${at}`])
  await insertNumbered(
    sql,
    tickets / 2,
    'booking (id, customer_id, event_id, organizer_id, quantity, total_price, status, created_at, updated_at)',
    [`i, 1 + i % ${customers}, ${past}, ${organizer}, 2, 1000000, 'success', ${at}, ${at}`],
  )
  await insertNumbered(
    sql,
    tickets,
    'ticket (id, booking_id, event_id, organizer_id, customer_id, holder_name, ticket_code, status, created_at, updated_at)',
    [
      `i, (i + 1) >> 1, ${past}, ${organizer}, 1 + ((i + 1) >> 1) % ${customers}, concat('Ticket ', 2 - i % 2), ${code}, 'unused', ${at}, ${at}`,
    ],
  )
}

/** Beside the first type, whose id is its event's, each event has one with seats of its own. */
export const typeWithOwnSeats = (event: number | string) => `${event} + 1000000`

/** Where the tickets of a fill belong. */
export const soldOutEvent = ({ events }: Pick<Fill, 'events'>) => events + 1

/** An odd factor modulo 2^40 reaches every value once; each five bits of it are a letter. */
const factor = 339_767_774_205n
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const mixed = `((i * ${factor}) & 1099511627775)`
const letters = Array.from({ length: 8 }, (_, place) => {
  const letter = `((${mixed} >> ${place * 5}) & 31)`
  return `substr('${alphabet}', 1 + ${letter}, 1)`
})
const code = `concat(${letters.join(', ')})`

/** The code of the ticket with this id, as the tables are filled with it. */
export function codeOf(id: number): string {
  const bits = BigInt.asUintN(40, BigInt(id) * factor)
  return Array.from({ length: 8 }, (_, place) => alphabet[Number((bits >> BigInt(place * 5)) & 31n)]).join('')
}

/** Inserts a row for each i from 1 to count. */
export async function insertNumbered(sql: Sql, count: number, into: string, values: string[]): Promise<void> {
  const digit = Array.from({ length: 10 }, (_, digit) => `select ${digit} as d`).join(' union all ')
  for (let offset = 0; offset < count; offset += rows_at_once) {
    const until = Math.min(count - offset, rows_at_once)
    await sql.all(
      `insert into ${into} with digit as (${digit}), numbered as (
         select ${offset} + 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d as i
         from digit a cross join digit b cross join digit c cross join digit e cross join digit f
         where a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d < ${until})
       select ${values.join(', ')} from numbered order by i`,
    )
  }
}

/** What must be in the tables: bookings by those that were there before and those that were answered 201. */
export type Expected = { before: number; booked: number; used: number; hasHistory: boolean }

/**
 * What is wrong with the books, in words: for each event the seats gone must be the seats booked and the tickets
 * issued; there must be exactly the bookings that were answered 201, and each of them once in the history, if any is
 * kept.
 */
export async function booksProblems(sql: Sql, { before, booked, used, hasHistory }: Expected): Promise<string[]> {
  const unbalanced = await sql.all(
    `select event.id as id, capacity - available_seat as gone, coalesce(booked, 0) as booked,
       coalesce(tickets, 0) + coalesce(held, 0) as tickets
     from event
     left join (select event_id, sum(quantity) as booked,
         sum(case when status = 'pending' then quantity else 0 end) as held
       from booking where status in ('pending', 'success') group by event_id) b on b.event_id = event.id
     left join (select booking.event_id, count(*) as tickets from ticket
       join booking on booking.id = ticket.booking_id
       group by booking.event_id) t on t.event_id = event.id
     where capacity - available_seat <> coalesce(booked, 0) or capacity - available_seat <> coalesce(tickets, 0) + coalesce(held, 0)
       or available_seat < 0
     limit 5`,
  )
  const problems = unbalanced.map(
    ({ id, gone, booked, tickets }) => `event ${id}: ${gone} seats gone, ${booked} booked, ${tickets} tickets`,
  )
  const counts: [string, number, string][] = [
    ['bookings answered 201 or there before', before + booked, 'booking'],
    ['uses answered 200', used, "ticket where status = 'used'"],
  ]
  if (hasHistory) {
    counts.push(['bookings answered 201', booked, "audit_entry where action = 'booking_created'"])
    counts.push(['uses answered 200', used, "audit_entry where action = 'ticket_used'"])
  }
  for (const [what, expected, from] of counts) {
    const found = await countOf(sql, from)
    if (found !== expected) problems.push(`${expected} ${what}, but ${found} found by: ${from}`)
  }
  return problems
}

async function countOf(sql: Sql, what: string): Promise<number> {
  const [row] = await sql.all(`select count(*) as n from ${what}`)
  return Number(row!['n'])
}
