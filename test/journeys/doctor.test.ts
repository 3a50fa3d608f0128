import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { after, test } from 'node:test'
import { sql, type Insertable } from 'kysely'
import type { Database, Tx } from '../../src/db/database.ts'
import type { BookingTable, PaymentTable, RefundTable, TicketTable } from '../../src/db/schema.ts'
import { inSnapshot, inTransaction } from '../../src/db/transaction.ts'
import { diagnose } from '../../src/doctor.ts'
import {
  post,
  postCharge,
  postRefundDone,
  postRefundReturned,
  postRefundDue,
  postUnwanted,
} from '../../src/features/ledger/post.ts'
import { createEmptyDatabase, onSqlite, openTestDatabase } from '../support/database.ts'
import { killLeftovers, runCommand, startServer } from '../support/servers.ts'

after(killLeftovers)
const { database, url, drop } = await openTestDatabase()
after(drop)

const at = '2030-01-01 00:00:00.000'
const stamps = { created_at: at, updated_at: at }
const currency = 'IDR'
const provider = 'sandbox' as const
const [organizer_id, customer_id, event_id] = [1, 2, 1]
/** One shares the event's seats, the other has its own. */
const [common, few] = [1, 2]
const prices = { [common]: 100, [few]: 200 }
const unseen = 999

/** Bookings in every state that there is, written as the database keeps them: the doctor believes no code. */
await inTransaction(database, async (tx) => {
  for (const [id, role] of [
    [organizer_id, 'organizer'],
    [customer_id, 'customer'],
  ] as const) {
    const [name, email] = [role, `${role}@example.com`]
    await tx
      .insertInto('user')
      .values({ id, name, email, email_key: email, password_hash: 'x', role, ...stamps })
      .execute()
  }
  const event = { id: event_id, organizer_id, title: 'Konser', location: 'Jakarta', price: 100, date: at, ...stamps }
  await tx
    .insertInto('event')
    .values({ ...event, capacity: 20, available_seat: 14, closed: 0 })
    .execute()
  for (const [id, name, capacity, available_seat] of [
    [common, 'Umum', null, null],
    [few, 'VIP', 5, 2],
  ] as const) {
    await tx
      .insertInto('ticket_type')
      .values({ id, event_id, name, price: prices[id]!, capacity, available_seat, ...stamps })
      .execute()
  }

  await aBooking(tx, { id: 1, quantity: 2, total_price: 300 }, [{}, { ticket_type_id: few }])
  await aCharge(tx, { id: 1, booking_id: 1, amount: 300 })

  await aBooking(tx, { id: 2, quantity: 3, total_price: 300, status: 'partially_refunded', refunded: 100 }, [
    {},
    {},
    { status: 'void' },
  ])
  await aCharge(tx, { id: 2, booking_id: 2, amount: 300 })
  await aRefund(tx, { id: 1, payment_id: 2, booking_id: 2, status: 'done' })

  await aBooking(tx, { id: 3, quantity: 2, total_price: 400, status: 'pending', expires_at: at })
  await aHold(tx, 3, [{ ticket_type_id: few, price: 200, holder_names: ['Ani', 'Budi'] }])
  await aPayment(tx, { id: 3, booking_id: 3, amount: 400, status: 'awaiting' })

  await aBooking(tx, { id: 4, total_price: 100, status: 'expired' })
  const late = await aPayment(tx, { id: 4, booking_id: 4, amount: 100 })
  await postUnwanted(tx, { payment: late, booking: { id: 4, event_id, organizer_id }, at })
  await aRefund(tx, { id: 2, payment_id: 4, booking_id: 4, reason: 'paid_too_late' })

  await aBooking(tx, { id: 5, total_price: 100, status: 'cancelled', refunded: 100 }, [{ status: 'void' }])
  await aCharge(tx, { id: 5, booking_id: 5, amount: 100 })
  await aRefund(tx, { id: 3, payment_id: 5, booking_id: 5, status: 'sent' })

  await aBooking(tx, { id: 6, total_price: 100, status: 'refunded', refunded: 100 }, [{ status: 'void' }])
  await aCharge(tx, { id: 6, booking_id: 6, amount: 100 })
  await aRefund(tx, { id: 4, payment_id: 6, booking_id: 6, status: 'done' })

  await aBooking(tx, { id: 7, total_price: 100, status: 'failed' })
  await aPayment(tx, { id: 7, booking_id: 7, amount: 100, status: 'failed' })
  // Paid at a counter, and deleted; and one that was given up.
  await aBooking(tx, { id: 8, total_price: 100, deleted_at: at }, [{ deleted_at: at }])
  await aBooking(tx, { id: 9, total_price: 100, status: 'cancelled' })
})

async function aBooking(
  tx: Tx,
  booking: { id: number; total_price: number } & Partial<Insertable<BookingTable>>,
  tickets: Partial<Insertable<TicketTable>>[] = [],
) {
  const { id } = booking
  await tx
    .insertInto('booking')
    .values({ customer_id, event_id, organizer_id, quantity: 1, status: 'success', ...booking, ...stamps })
    .execute()
  for (const [index, ticket] of tickets.entries()) await aTicket(tx, { id: id * 10 + index, booking_id: id, ...ticket })
}

async function aTicket(tx: Tx, ticket: Partial<Insertable<TicketTable>> & { id: number; booking_id: number }) {
  const { ticket_type_id = common } = ticket
  const more = { ticket_type_id, price: prices[ticket_type_id]!, holder_name: 'Ani', ticket_code: `CODE${ticket.id}` }
  await tx
    .insertInto('ticket')
    .values({ event_id, organizer_id, customer_id, status: 'unused', ...more, ...ticket, ...stamps })
    .execute()
}

async function aHold(tx: Tx, booking_id: number, items: object[]) {
  await tx
    .insertInto('hold')
    .values({ booking_id, event_id, expires_at: at, items: JSON.stringify(items) })
    .execute()
}

async function aPayment(
  tx: Tx,
  payment: { id: number; booking_id: number; amount: number } & Partial<Insertable<PaymentTable>>,
) {
  const { id } = payment
  await tx
    .insertInto('payment')
    .values({ provider, attempt_key: `attempt ${id}`, currency, status: 'paid', ...payment, ...stamps })
    .execute()
  return { id, provider, amount: payment.amount, currency }
}

async function aCharge(tx: Tx, given: { id: number; booking_id: number; amount: number }) {
  const booking = { id: given.booking_id, event_id, organizer_id }
  await postCharge(tx, { payment: await aPayment(tx, given), booking, fee_basis_points: 1_000, at })
}

/** Of 100, with what is posted for it. */
async function aRefund(
  tx: Tx,
  refund: { id: number; payment_id: number; booking_id: number } & Partial<
    Pick<Insertable<RefundTable>, 'status' | 'reason'>
  >,
) {
  const { id, payment_id } = refund
  const row = { organizer_id, refund_key: `refund ${id}`, amount: 100, currency, ...stamps }
  await tx
    .insertInto('refund')
    .values({ status: 'due', reason: 'cancelled', ...row, ...refund })
    .execute()
  const booking = { id: refund.booking_id, event_id, organizer_id }
  if (!refund.reason) await postRefundDue(tx, { refund: { id, payment_id, amount: 100, currency }, booking, at })
  if (refund.status === 'done')
    await postRefundDone(tx, { refund: { id, amount: 100, currency }, provider, booking, at })
}

const byHand = (tx: Tx, booking_id: number, ...entries: [account: string, amount: number][]) =>
  post(tx, {
    cause: 'by hand',
    currency,
    event_id,
    booking_id,
    at,
    entries: entries.map(([account, amount]) => ({ account, amount })),
  })
/** Moves money to the customers' account, or back, from one that no rule is about. */
const toCustomers = (tx: Tx, amount: number) => byHand(tx, 1, ['customers', -amount], ['fees', amount])

/** Runs this on the books, looks at them, and leaves them as they were. */
async function afterwards(broken: (tx: Tx) => Promise<unknown>): Promise<string[]> {
  const undo = new Error('undone')
  const found: string[] = []
  const work = inTransaction(database, async (tx) => {
    await broken(tx)
    for (const { rule, what } of await diagnose(tx)) found.push(`${rule}: ${what}`)
    throw undo
  })
  await assert.rejects(work, (error) => {
    if (error !== undo) throw error
    return true
  })
  return found
}

const run = (text: string) => (tx: Tx) => sql.raw(text).execute(tx)
const both =
  (...texts: string[]) =>
  async (tx: Tx) => {
    for (const text of texts) await sql.raw(text).execute(tx)
  }
/** The foreign keys would not let such rows be. */
const unchecked = (broken: (tx: Tx) => Promise<unknown>) => async (tx: Tx) => {
  await sql.raw(onSqlite ? 'pragma defer_foreign_keys = on' : 'set foreign_key_checks = 0').execute(tx)
  try {
    await broken(tx)
  } finally {
    if (!onSqlite) await sql.raw('set foreign_key_checks = 1').execute(tx)
  }
}

test('sound books have no findings', async () => {
  assert.deepEqual(await diagnose(database.db), [])
  assert.deepEqual(await inSnapshot(database, diagnose), [])
})

const hold = (...items: object[]) => run(`update hold set items = '${JSON.stringify(items)}'`)
const two = { ticket_type_id: few, price: 200, holder_names: ['Ani', 'Budi'] }

/** A ticket comes and goes; what was undone and what was a conflict does not count. */
function acts(...kinds: ('admitted' | 'left' | 'returned')[]) {
  return async (tx: Tx) => {
    const act = { ticket_id: 10, event_id, ticket_type_id: common, door: '', at, created_at: at }
    const rows = kinds.flatMap((kind) => [
      { ...act, kind },
      { ...act, kind: 'conflict' as const },
      { ...act, kind: 'admitted' as const, undone_at: at },
    ])
    for (const row of rows) await tx.insertInto('check_in').values(row).execute()
  }
}

const cases: [name: string, broken: (tx: Tx) => Promise<unknown>, ...found: RegExp[]][] = [
  [
    'a seat that is gone for nobody',
    run('update event set available_seat = 13'),
    /^event seats: event 1: 13 of 20 seats left, 2 held, 4 in tickets$/,
  ],
  [
    'a seat sold twice',
    run('update event set available_seat = 15'),
    /^event seats: event 1: 15 of 20 seats left, 2 held, 4 in tickets$/,
  ],
  [
    'seats of a type that are gone for nobody',
    run('update ticket_type set available_seat = 1 where id = 2'),
    /^ticket type seats: ticket type 2: 1 of 5 seats left, 2 held, 1 in tickets$/,
  ],
  [
    'seats of a type that are held and not gone',
    run('update ticket_type set available_seat = 4 where id = 2'),
    /^ticket type seats: ticket type 2: 2 seats are held, and not gone$/,
  ],
  [
    'a ticket of another type',
    run('update ticket set ticket_type_id = 1 where id = 11'),
    /^ticket type seats: ticket type 2: 2 of 5 seats left, 2 held, 0 in tickets$/,
  ],
  ['a hold at another price', hold({ ...two, price: 1 }), /^hold items: booking 3 of 2 for 400: its hold has 2 for 2$/],
  ['a hold of other seats', hold({ ...two, ticket_type_id: common }), /^ticket type seats: ticket type 2: .* 0 held/],
  [
    'a hold that is not JSON',
    run(`update hold set items = '{'`),
    /^hold items: the hold of booking 3 can't be read$/,
    /^ticket type seats: ticket type 2/,
  ],
  [
    'a ticket too few',
    run('update booking set quantity = 3 where id = 1'),
    /^booking tickets: success booking 1 of 3:/,
  ],
  [
    'no good ticket',
    run(`update ticket set status = 'void' where id = 80`),
    /^booking tickets: success booking 8 of 1: 1 tickets, 0 of them good$/,
  ],
  [
    'a success with a void ticket',
    run(`update booking set status = 'success' where id = 2`),
    /^booking tickets: success booking 2 of 3: 3 tickets, 2 of them good$/,
  ],
  [
    'a ticket of a booking that failed',
    (tx) => aTicket(tx, { id: 70, booking_id: 7, status: 'void' }),
    /^booking tickets: failed booking 7 of 1: 1 tickets/,
  ],
  [
    'a good ticket of a cancelled booking',
    both(`update ticket set status = 'used' where id = 50`, 'update event set available_seat = 13'),
    /^booking tickets: cancelled booking 5 of 1: 1 tickets, 1 of them good$/,
  ],
  [
    'another price than the tickets’',
    run('update booking set total_price = 101 where id = 8'),
    /^booking price: booking 8: costs 101, its tickets 100$/,
  ],
  [
    'a deleted ticket of a booking that is there',
    run(`update ticket set deleted_at = '${at}' where id = 50`),
    /^booking deletion: ticket 50 is deleted, and its booking 5 is not$/,
  ],
  [
    'a ticket that outlives its booking',
    both(`update ticket set deleted_at = null where id = 80`, 'update event set available_seat = 13'),
    /^booking deletion: ticket 80 is there, and its booking 8 is not$/,
  ],
  [
    'a pending booking without a hold',
    both('delete from hold', 'update ticket_type set available_seat = 4 where id = 2'),
    /^hold: booking 3 is pending and has no hold$/,
  ],
  ['a hold that outlives its end', (tx) => aHold(tx, 7, []), /^hold: booking 7 has a hold that it should not have$/],
  [
    'a ticket of another customer',
    run('update ticket set customer_id = 1 where id = 10'),
    /^ticket owners: ticket 10: another event, organizer or customer than its booking 1$/,
  ],
  [
    'a payment that is not posted',
    (tx) => aPayment(tx, { id: 9, booking_id: 9, amount: 100 }),
    /^payment posting: payment 9 is paid, and not posted as such$/,
  ],
  [
    'a payment of another amount than is posted',
    run('update payment set amount = 101 where id = 4'),
    /^payment posting: payment 4 is paid, and not posted as such$/,
  ],
  [
    'a posting of a payment that is not paid',
    run(`update payment set status = 'review' where id = 1`),
    /^payment posting: payment 1 is posted, and no payment that is paid$/,
  ],
  [
    'two charges for one booking',
    (tx) => aCharge(tx, { id: 8, booking_id: 1, amount: 300 }),
    /^booking payment: success booking 1 of 300: 2 charges, 600 in all$/,
  ],
  [
    'a charge of another amount than the price',
    (tx) => aCharge(tx, { id: 9, booking_id: 9, amount: 50 }),
    /^booking payment: cancelled booking 9 of 100: 1 charges, 50 in all$/,
  ],
  [
    'a charge for a booking that is pending',
    (tx) => aCharge(tx, { id: 8, booking_id: 3, amount: 400 }),
    /^booking payment: pending booking 3 of 400: 1 charges/,
  ],
  [
    'a booking that succeeded by a payment that is not charged',
    async (tx) => {
      const payment = await aPayment(tx, { id: 8, booking_id: 8, amount: 100 })
      await postUnwanted(tx, { payment, booking: { id: 8, event_id, organizer_id }, at })
      await aRefund(tx, { id: 8, payment_id: 8, booking_id: 8, reason: 'paid_twice' })
    },
    /^booking payment: success booking 8 of 100: 0 charges/,
  ],
  [
    'more refunds than were paid',
    async (tx) => {
      await aRefund(tx, { id: 8, payment_id: 6, booking_id: 6, reason: 'paid_twice' })
      await toCustomers(tx, 100)
    },
    /^refund total: payment 6 of 100: 200 in refunds$/,
  ],
  [
    'a refund that is done and not posted',
    async (tx) => {
      await sql`delete from ledger_entry where cause = 'refund 4'`.execute(tx)
      await toCustomers(tx, -100)
    },
    /^refund posting: refund 4 is done, and not posted as such$/,
  ],
  [
    'a posting of a refund that is not done',
    async (tx) => {
      await sql`update refund set status = 'sent' where id = 4`.execute(tx)
      await toCustomers(tx, 100)
    },
    /^refund posting: refund 4 is posted, and no refund that is done$/,
  ],
  [
    'a refund that came back, and is done all the same',
    async (tx) => {
      const refund = { id: 4, amount: 100, currency }
      const row = await tx.selectFrom('refund').select('booking_id').where('id', '=', 4).executeTakeFirstOrThrow()
      const booking = { id: row.booking_id, event_id, organizer_id }
      await postRefundReturned(tx, { refund, provider, booking, at })
      await toCustomers(tx, -100)
    },
    /^refund posting: refund 4 is done, and not posted as such$/,
  ],
  [
    'a booking that says another sum was refunded',
    run('update booking set refunded = 99 where id = 2'),
    /^booking refunded: booking 2: 99 refunded, 100 in refunds$/,
  ],
  [
    'entries that leave a rest',
    run(`update ledger_entry set amount = amount + 1 where cause = 'payment 1' and account = 'fees'`),
    /^ledger causes: payment 1: the entries leave 1, in 1 currencies$/,
  ],
  [
    'entries in two currencies',
    run(`update ledger_entry set currency = 'USD' where cause = 'payment 1' and account = 'fees'`),
    /^ledger causes: payment 1: the entries leave 0, in 2 currencies$/,
  ],
  [
    'money that is on its way to nobody',
    (tx) => toCustomers(tx, 1),
    /^customers account: 201 IDR on its way back by the ledger, 200 by the refunds$/,
  ],
  [
    'a ticket of no booking',
    unchecked((tx) => aTicket(tx, { id: 990, booking_id: unseen, status: 'void' })),
    /^orphans: ticket 990: there is no booking 999$/,
  ],
  [
    'a payment of no booking',
    unchecked(run('update payment set booking_id = 999 where id = 3')),
    /^orphans: payment 3: there is no booking 999$/,
  ],
  [
    'a refund of no booking',
    run('update refund set booking_id = 999 where id = 2'),
    /^orphans: refund 2: there is no booking 999$/,
  ],
  [
    'two admissions without a leave between them',
    acts('admitted', 'admitted'),
    /^check-ins: ticket 10: admitted \(\d+\) after admitted$/,
  ],
  ['a return of who did not leave', acts('returned'), /^check-ins: ticket 10: returned \(\d+\) after nothing$/],
  ['a second leave', acts('admitted', 'left', 'left'), /^check-ins: ticket 10: left \(\d+\) after left$/],
  ['a hold of no booking', unchecked((tx) => aHold(tx, unseen, [])), /^orphans: hold 999: there is no booking 999$/],
  [
    'entries for no booking',
    (tx) => byHand(tx, unseen, ['organizer:1', -1], ['fees', 1]),
    /^orphans: ledger entry \d+: there is no booking 999$/,
    /^orphans: ledger entry \d+: there is no booking 999$/,
  ],
]

for (const [name, broken, ...expected] of cases) {
  test(`${name} is found, and nothing else`, async () => {
    const found = await afterwards(broken)
    assert.equal(found.length, expected.length, found.join('\n'))
    for (const [index, pattern] of expected.entries()) assert.match(found[index]!, pattern)
  })
}

test('of what is wrong in many places, some are shown and the rest is counted', async () => {
  const found = await afterwards(async (tx) => {
    for (let id = 100; id < 145; id++) await aBooking(tx, { id, total_price: 100, refunded: 1 }, [])
    await sql`update booking set status = 'cancelled' where id >= 100`.execute(tx)
  })
  assert.equal(found.length, 21)
  assert.match(found[0]!, /^booking refunded: booking 100:/)
  assert.equal(found[20], 'booking refunded: and 25 more')
})

const doctor = () => runCommand('doctor', { DATABASE_URL: url, DATA_DIR: tmpdir() })
const sound = 'All books balance: 1 events, 9 bookings, 8 tickets, 7 payments, 4 refunds.\n'

test('npm run doctor says that all is well, also beside a server, or names what is not and exits 1', async () => {
  const server = await startServer(url)
  const well = await doctor()
  assert.ok(well.code === 0 && well.output.endsWith(sound), well.output)
  await server.stop()
  await sql`update booking set refunded = 99 where id = 2`.execute(database.writer)
  const { code, output } = await doctor()
  assert.equal(code, 1)
  assert.ok(output.endsWith('\nbooking refunded: booking 2: 99 refunded, 100 in refunds\n'), output)
  await sql`update booking set refunded = 100 where id = 2`.execute(database.writer)
})

test('the doctor touches no tables of another version', async () => {
  const empty = await createEmptyDatabase()
  const { code, output } = await runCommand('doctor', { DATABASE_URL: empty.url })
  assert.equal(code, 1)
  assert.match(output, onSqlite ? /npm run migrate makes it/ : /Run npm run migrate first/)
  await empty.drop()
})

test('a snapshot sees nothing of what is kept while it is read', async () => {
  const count = async (db: Database['db']) => (await db.selectFrom('booking').select('id').execute()).length
  const seen = await inSnapshot(database, async (db) => {
    const before = await count(db)
    await inTransaction(database, (tx) => aBooking(tx, { id: 200, total_price: 0, status: 'failed' }))
    return [before, await count(db)]
  })
  assert.deepEqual(seen, [9, 9])
  assert.equal(await count(database.db), 10)
})

test('two tickets with one code are found, were there no index', async () => {
  // A change of tables can't be undone on MySQL, so this is the last test of these books.
  await (onSqlite
    ? both(
        'create table copy as select * from ticket',
        'pragma foreign_keys = off',
        'drop table ticket',
      )(database.writer as Tx).then(() => run('alter table copy rename to ticket')(database.writer as Tx))
    : run('alter table ticket drop index ticket_code')(database.writer as Tx))
  await sql`update ticket set ticket_code = 'CODE10' where id = 20`.execute(database.writer)
  assert.deepEqual(await diagnose(database.db), [
    { rule: 'ticket codes', what: '2 tickets have the code of ticket 10' },
  ])
})
