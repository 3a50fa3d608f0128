import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { sql, type CompiledQuery, type KyselyPlugin } from 'kysely'
import type { Database, Db } from '../src/db/database.ts'
import {
  findBooking,
  listBookings,
  listBookingsByIds,
  lockEvents,
  lockUnpaidBookings,
} from '../src/features/bookings/bookings.sql.ts'
import { findAnswer, removeOldKeys } from '../src/features/idempotency/idempotency.ts'
import { findEvent, listEvents, listEventsByIds } from '../src/features/events/events.sql.ts'
import {
  countAdmissionsByDoor,
  countAdmissionsByQuarter,
  countAdmissionsByType,
  countGuests,
} from '../src/features/check-ins/check-in-counts.sql.ts'
import {
  listActs,
  listCheckIns,
  listGuests,
  listLiveActs,
  listScans,
  listTicketsAfter,
  lockTickets,
} from '../src/features/check-ins/check-ins.sql.ts'
import {
  listTickets,
  listTicketsByBooking,
  listFirstTickets,
  listTicketsByBookings,
  listTicketsByCodes,
  listTicketsByIds,
} from '../src/features/tickets/tickets.sql.ts'
import {
  findCredentials,
  findRefreshToken,
  findReset,
  listApiKeys,
  listEventsOfStaff,
  listLiveKeys,
  listLiveSessions,
} from '../src/features/accounts/accounts.sql.ts'
import {
  listBalances,
  listCausesOfRefundsDue,
  listLedgerEntries,
  listSumsOfCauses,
  listTakings,
} from '../src/features/ledger/ledger.sql.ts'
import {
  deleteOldHolds,
  findHold,
  findNextExpiry,
  listEndedHolds,
  listHolds,
} from '../src/features/bookings/bookings.sql.ts'
import { findCancellation, listBookingsAfter } from '../src/features/events/events.sql.ts'
import {
  findCharge,
  findNotice,
  findPaymentByKey,
  listNotices,
  listPaymentsOf,
  listPaymentsOfBookings,
} from '../src/features/payments/payments.sql.ts'
import { deleteOldEntries } from '../src/features/audit/old-entries.ts'
import { findNextCheck } from '../src/features/payments/checks.sql.ts'
import { listRefunds, listRefundsOf, listRefundsOfBookings } from '../src/features/payments/refunds.sql.ts'
import { listImages, listImagesOfEvents } from '../src/features/images/images.sql.ts'
import { deleteOldChanges, listChangesAfter, listChangesByIds, listLastChanges } from '../src/features/live/live.sql.ts'
import {
  deleteOldMails,
  findNextReminder,
  findShownMail,
  listBookingsToMail,
  listDueReminders,
  listGuestBookings,
  listHandedOver,
  listMails,
  listMailsByIds,
  listWaitingByKeys,
} from '../src/features/mail/mail.sql.ts'
import { findFirstImage } from '../src/features/documents/documents.sql.ts'
import { listTicketTypes, listTypesByIds, listTypesOfEvents } from '../src/features/ticket-types/ticket-types.sql.ts'
import { findMessage, findNextRun, listMessages, lockDue } from '../src/features/outbox/outbox.sql.ts'
import { findTransfer, listTransfersOf } from '../src/features/transfers/transfers.sql.ts'
import { keyAt, readPage, type Listing } from '../src/db/page-query.ts'
import { findUser, listUsers, listUsersToErase } from '../src/features/users/users.sql.ts'
import type { Key } from '../src/lib/page.ts'
import {
  countDead,
  countOpenHolds,
  countRefundsByHand,
  countUnmatchedNotices,
  countWaiting,
  findNextRunIn,
} from '../src/metrics/metrics.sql.ts'
import { inTransaction } from '../src/db/transaction.ts'
import { onSqlite, openTestDatabase } from './support/database.ts'

/** Enough rows that no optimizer prefers a scan because the table is small. */
const bookings = 4_000

const { database, drop } = await openTestDatabase()
after(drop)
await fill(database)
const explaining = onSqlite ? 'explain query plan' : await tableOfPlan()

const page =
  <Row>(listing: Listing<Row>, after: Key = [1_000]) =>
  (db: Db) =>
    readPage(db, listing, after, 51)
const reads: [name: string, read: (db: Db) => Promise<unknown>][] = [
  ['listTransfersOf', (db) => listTransfersOf(db, 1)],
  ['findTransfer', (db) => findTransfer(db, 1)],
  ['findUser', (db) => findUser(db, 1)],
  ['listUsers', page(listUsers())],
  ['findEvent', (db) => findEvent(db, 1)],
  ['listEventsByIds', (db) => listEventsByIds(db, [1, 2, 3])],
  ['listEvents', page(listEvents())],
  ['listEvents of an organizer', page(listEvents({ organizer_id: 1_500 }))],
  ['listEvents by date', page(listEvents({ date_from: '2024-01-01 00:00:00' }, 'date'), ['2025-01-01 00:00:00', 7])],
  ['listEvents by price, falling', page(listEvents({}, 'price', true), [1, 7])],
  ['listEvents by title', page(listEvents({ status: 'available' }, 'title'), ['x7', 7])],
  ['findBooking', (db) => findBooking(db, 1)],
  ['listBookings', page(listBookings())],
  ['listBookings of a customer', page(listBookings({ customer_id: 5 }), [3])],
  ['listBookings of an organizer', page(listBookings({ organizer_id: 1_500 }), [3])],
  ['listBookings of an event', page(listBookings({ event_id: 7, status: 'success' }), [3])],
  ['listTicketsByIds', (db) => listTicketsByIds(db, [1, 2, 3])],
  ['listTickets', page(listTickets())],
  ['listTickets, a page that nobody has come to', (db) => keyAt(db, listTickets(), 2_000)],
  ['listTickets of a customer', page(listTickets({ customer_id: 5 }), [3])],
  ['listTickets of an organizer', page(listTickets({ organizer_id: 1_500 }), [3])],
  ['listTickets of an event', page(listTickets({ event_ids: [7] }), [3])],
  ['listTickets of several events', page(listTickets({ event_ids: [7, 8, 9] }), [7, 3])],
  ['listTickets of a booking', page(listTickets({ booking_id: 7 }), [3])],
  ['listTicketsByCodes', (db) => listTicketsByCodes(db, ['C7', 'C8'])],
  ['listCheckIns of an event', page(listCheckIns({ event_id: 7, kind: 'admitted' }))],
  ['listCheckIns of a ticket', page(listCheckIns({ event_id: 7, ticket_id: 7 }))],
  ['listGuests', page(listGuests({ event_id: 7 }), [3])],
  ['listGuests of a type', page(listGuests({ event_id: 7, ticket_type_id: 1, status: 'used' }), [3])],
  ['listGuests by the name', page(listGuests({ event_id: 7, name_start: 'x y' }), [3])],
  ['listGuests by the name or the code', page(listGuests({ event_id: 7, name_start: 'c7', code: 'C7' }), [3])],
  ['listTicketsAfter', (db) => listTicketsAfter(db, 7, 3, 50)],
  ['listScans', (db) => listScans(db as never, 7, ['s7', 's8'])],
  ['listActs', (db) => listActs(db as never, [7, 8])],
  ['lockTickets', (db) => lockTickets(db as never, { ...database.dialect, locksRows: false }, [7, 8])],
  ['listLiveActs', (db) => listLiveActs(db as never, 7)],
  ['listTicketsByBooking', (db) => listTicketsByBooking(db, 5)],
  ['listTicketsByBookings', (db) => listTicketsByBookings(db, [5, 6, 7])],
  ['listHolds', (db) => listHolds(db, [5, 6, 7])],
  ['listPaymentsOfBookings', (db) => listPaymentsOfBookings(db, [5, 6, 7])],
  ['listRefundsOfBookings', (db) => listRefundsOfBookings(db, [5, 6, 7])],
  ['listTypesOfEvents', (db) => listTypesOfEvents(db, [5, 6, 7])],
  ['listImagesOfEvents', (db) => listImagesOfEvents(db, [5, 6, 7])],
  ['findCredentials', (db) => findCredentials(db, 'u7')],
  ['listLiveSessions', (db) => listLiveSessions(db, ['s7', 's8'], '2024-01-01 00:00:00.000')],
  ['listLiveKeys', (db) => listLiveKeys(db, ['h7', 'h8'])],
  ['listEventsOfStaff', (db) => listEventsOfStaff(db, 7)],
  ['findRefreshToken', (db) => findRefreshToken(db, 'r7')],
  ['findReset', (db) => findReset(db, 'p7', '2024-01-01 00:00:00.000')],
  ['listApiKeys', (db) => listApiKeys(db, 7)],
  ['listUsersToErase', (db) => listUsersToErase(db, '2024-01-01 00:00:00.000', 50)],
  ['listLedgerEntries', page(listLedgerEntries())],
  ['listLedgerEntries of an account', page(listLedgerEntries({ account: 'organizer:1008' }), [4_000])],
  ['listLedgerEntries of an event', page(listLedgerEntries({ event_id: 9 }), [4_000])],
  ['listLedgerEntries of a booking', page(listLedgerEntries({ booking_id: 7 }))],
  ['listBalances', (db) => listBalances(db, 'organizer:1008')],
  ['listTakings', (db) => listTakings(db, { id: 9, organizer_id: 1_008 })],
  ['listCausesOfRefundsDue', (db) => listCausesOfRefundsDue(db, 7)],
  ['listSumsOfCauses', (db) => listSumsOfCauses(db, ['payment 7', 'refund 7 due'])],
  ['findNextRun', (db) => findNextRun(db)],
  ['findNextRun of a lane', (db) => findNextRun(db, 'payments')],
  ['lockDue', (db) => lockDue(db as never, { ...database.dialect, locksRows: false }, '2024-06-01 00:00:00.000', 8)],
  [
    'lockDue of a lane',
    (db) => lockDue(db as never, { ...database.dialect, locksRows: false }, '2024-06-01 00:00:00.000', 8, 'payments'),
  ],
  ['findMessage', (db) => findMessage(db, 7)],
  ['listMessages that wait', page(listMessages('waiting'), ['2025-01-01 07:00:00.000', 7])],
  ['listMessages that are dead', page(listMessages('dead'), ['2025-01-01 07:00:00.000', 7])],
  ['findShownMail', (db) => findShownMail(db, 7)],
  ['listWaitingByKeys', (db) => listWaitingByKeys(db, ['mail 1', 'mail 2'])],
  ['listMails', page(listMails({}), [2_000])],
  ['listMails of an organizer', page(listMails({ organizer_id: 1_007 }), [2_000])],
  ['listMails of an event', page(listMails({ organizer_id: 1_007, event_id: 7 }), [2_000])],
  ['listMails of a booking', page(listMails({ booking_id: 7 }), [2_000])],
  ['listBookingsToMail', (db) => listBookingsToMail(db, [1, 2, 3])],
  ['listGuestBookings', (db) => listGuestBookings(db, 7, 3, 200)],
  ['listHandedOver', (db) => listHandedOver(db, [1, 2, 3])],
  ['findNextReminder', findNextReminder],
  ['listDueReminders', (db) => listDueReminders(db, '2024-06-01 00:00:00.000', 50)],
  ['deleteOldMails', (db) => deleteOldMails(db as never, '2000-01-01 00:00:00.000', 500)],
  ['listChangesAfter', (db) => listChangesAfter(db, 1_000, 500)],
  ['listChangesByIds', (db) => listChangesByIds(db, [7, 8])],
  ['listLastChanges', (db) => listLastChanges(db, 500)],
  ['deleteOldChanges', (db) => deleteOldChanges(db as never, '2000-01-01 00:00:00.000', 500)],
  ['listMailsByIds', (db) => listMailsByIds(db, [7, 8])],
  ['listBookingsByIds', (db) => listBookingsByIds(db, [7, 8])],
  ['deleteOldEntries', (db) => deleteOldEntries(db as never, '2000-01-01 00:00:00.000', 500)],
  ['listImages', (db) => listImages(db, 7)],
  ['listTicketTypes', (db) => listTicketTypes(db, 7)],
  ['listTypesByIds', (db) => listTypesByIds(db, [7, 8])],
  ['findFirstImage', (db) => findFirstImage(db, 7)],
  ['countOpenHolds', countOpenHolds],
  ['countWaiting', (db) => countWaiting(db, 'payments')],
  ['findNextRunIn', (db) => findNextRunIn(db, 'payments')],
  ['countDead', countDead],
  ['countRefundsByHand', countRefundsByHand],
  ['countUnmatchedNotices', countUnmatchedNotices],
  ['findHold', (db) => findHold(db, 7)],
  ['findNextExpiry', findNextExpiry],
  ['listEndedHolds', (db) => listEndedHolds(db, '2024-06-01 00:00:00.000', 200)],
  ['deleteOldHolds', (db) => deleteOldHolds(db as never, '2000-01-01 00:00:00.000', 200)],
  ['listBookingsAfter', (db) => listBookingsAfter(db, 7, 3, 50)],
  ['findPaymentByKey', (db) => findPaymentByKey(db, 'sandbox', 'a7')],
  ['listPaymentsOf', (db) => listPaymentsOf(db, 7)],
  ['findCharge', (db) => findCharge(db, 7)],
  ['findNextCheck of payments', (db) => findNextCheck(db, 'payment')],
  ['findNextCheck of refunds', (db) => findNextCheck(db, 'refund')],
  ['listRefunds of an organizer', page(listRefunds({ organizer_id: 1_500 }))],
  ['listRefunds that wait for a person', page(listRefunds({ status: 'by_hand' }), [2_000])],
  ['listRefunds of an organizer that wait', page(listRefunds({ organizer_id: 7, status: 'by_hand' }), [2_000])],
  ['listRefundsOf', (db) => listRefundsOf(db, 7)],
  ['findNotice', (db) => findNotice(db, 'sandbox', 'n7')],
  ['listNotices', page(listNotices('unknown'), [2_000])],
  ['findCancellation', (db) => findCancellation(db, 7)],
  ['lockUnpaidBookings', (db) => lockUnpaidBookings(db as never, { ...database.dialect, locksRows: false }, 7)],
  ['lockEvents', (db) => lockEvents(db as never, { ...database.dialect, locksRows: false }, [1, 2, 3])],
  [
    'findAnswer',
    (db) => findAnswer({ ...database, db }, { scope: 'anyone', key: 'k1', fingerprint: 'x' }).catch(() => {}),
  ],
]

for (const [name, read] of reads) {
  test(`${name} goes by an index`, async () => {
    const queries: CompiledQuery[] = []
    await read(recording(database.db, queries))
    assert.ok(queries.length > 0)
    for (const query of queries) await assertGoesByIndex(query.sql, query.parameters)
  })
}

for (const [count, index] of [
  [countGuests, 'ticket_event'],
  [countAdmissionsByType, 'check_in_event'],
  [countAdmissionsByDoor, 'check_in_event'],
  [countAdmissionsByQuarter, 'check_in_event'],
] as const) {
  test(`${count.name} reads the rows of one event; what it sorts are these`, async () => {
    const queries: CompiledQuery[] = []
    await count(recording(database.db, queries), 7)
    const explain = sql.raw<Plan>(`${explaining} ${queries[0]!.sql}`).compile(database.db)
    const { rows } = await database.db.executeQuery<Plan>({ ...explain, parameters: queries[0]!.parameters })
    const [{ detail, key }] = rows as [Plan]
    assert.match(onSqlite ? detail : (key ?? ''), onSqlite ? new RegExp(`^SEARCH .* INDEX ${index} `) : RegExp(index))
  })
}

test('listFirstTickets reads tickets by an index', async () => {
  const queries: CompiledQuery[] = []
  await listFirstTickets(recording(database.db, queries), [5, 6, 7], 2)
  const explain = sql.raw<Plan>(`${explaining} ${queries[0]!.sql}`).compile(database.db)
  const { rows } = await database.db.executeQuery<Plan>({ ...explain, parameters: queries[0]!.parameters })
  // What it has numbered is in a table of its own, which is read as a whole.
  const ofTickets = rows.filter(({ detail, table }) => (onSqlite ? /ticket/.test(detail) : table === 'ticket'))
  assert.ok(ofTickets.length > 0)
  for (const { detail, key } of ofTickets) assert.ok(onSqlite ? detail.startsWith('SEARCH') : key !== null, detail)
})

test('removeOldKeys goes by an index', async () => {
  // What it asks for; the deletes behind it go by the whole primary key.
  await removeOldKeys(database, new Date())
  await assertGoesByIndex(
    'select scope, idempotency_key from idempotency_key where created_at < ? order by created_at limit 500',
    ['2000-01-01 00:00:00.000'],
  )
})

for (const [name, text] of [
  ['the lock of a group', 'select id, price, available_seat, closed, date from event where id in (1,2,3) order by id'],
  ['the customers of a group', 'select id, role from user where id in (1,2,3) order by id'],
  ['tickets at the door', 'select * from ticket where id in (1,2,3) order by id'],
  ['whether a user has bookings', 'select id from booking where customer_id = 2'],
  ['whether a user has events', 'select id from event where organizer_id = 999'],
  ['whether an event has bookings', 'select id from booking where event_id = 7'],
  ['an email', "select id from user where email_key = 'u7'"],
  ['a ticket code', "select id from ticket where ticket_code = 'C7'"],
  ['the last id', 'select max(id) from ticket'],
] as const) {
  test(`${name} goes by an index`, () => assertGoesByIndex(text, []))
}

test('a query without an index is found out', async () => {
  await assert.rejects(assertGoesByIndex("select id from ticket where holder_name = 'x'", []))
  await assert.rejects(assertGoesByIndex('select id from ticket where id > 5 order by updated_at limit 5', []))
})

/** A row of a plan: `detail` is SQLite's, the others are MySQL's. */
type Plan = { detail: string; table: string | null; type: string; key: string | null; Extra: string | null }

/** What is counted of a bounded reading (metrics.sql.ts), not a table. */
const isBoundedCount = ({ detail, table }: Plan) => detail === 'SCAN counted' || table?.startsWith('<derived') === true

/** No scan of a whole table, and no sort beside an index. */
async function assertGoesByIndex(text: string, parameters: readonly unknown[]): Promise<void> {
  const explain = sql.raw<Plan>(`${explaining} ${text}`).compile(database.db)
  const { rows } = await database.db.executeQuery<Plan>({ ...explain, parameters })
  for (const row of rows.filter((one) => !isBoundedCount(one))) {
    if (onSqlite) {
      const { detail } = row
      assert.doesNotMatch(detail, /^SCAN (?!.*USING)|TEMP B-TREE/, `${text}\n${detail}`)
    } else {
      assert.notEqual(row.type, 'ALL', `${text}\n${JSON.stringify(row)}`)
      assert.doesNotMatch(row.Extra ?? '', /filesort|temporary/i, `${text}\n${JSON.stringify(row)}`)
    }
  }
}

/** The same database, keeping what it is asked. */
function recording(db: Db, queries: CompiledQuery[]): Db {
  const plugin: KyselyPlugin = {
    transformQuery({ node, queryId }) {
      queries.push(db.getExecutor().compileQuery(node, queryId))
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return db.withPlugin(plugin)
}

async function fill({ writer, dialect }: Database): Promise<void> {
  const at = '2025-01-01 00:00:00.000'
  const stamps = { created_at: at, updated_at: at }
  const chunks = <Row>(count: number, row: (n: number) => Row): Row[][] =>
    Array.from({ length: count / 500 }, (_, chunk) => Array.from({ length: 500 }, (_, n) => row(chunk * 500 + n + 1)))
  for (const rows of chunks(2_000, (n) => ({
    id: n,
    name: 'x',
    email: `u${n}`,
    email_key: `u${n}`,
    password_hash: 'x',
    role: n > 1_000 ? ('organizer' as const) : ('customer' as const),
    ...stamps,
  }))) {
    await writer.insertInto('user').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    id: n,
    organizer_id: 1_000 + (n % 1_000) + 1,
    title: `x${n}`,
    location: 'x',
    capacity: 10,
    available_seat: 10,
    price: 1,
    closed: 0 as const,
    date: at,
    ...stamps,
  }))) {
    await writer.insertInto('event').values(rows).execute()
  }
  for (const rows of chunks(bookings, (n) => ({
    id: n,
    customer_id: (n % 1_000) + 1,
    event_id: (n % 2_000) + 1,
    organizer_id: 1_000 + (((n % 2_000) + 1) % 1_000) + 1,
    quantity: 1,
    total_price: 1,
    status: 'success' as const,
    ...stamps,
  }))) {
    await writer.insertInto('booking').values(rows).execute()
  }
  for (const rows of chunks(bookings, (n) => ({
    id: n,
    booking_id: n,
    event_id: (n % 2_000) + 1,
    organizer_id: 1_000 + (((n % 2_000) + 1) % 1_000) + 1,
    customer_id: (n % 1_000) + 1,
    holder_name: 'x',
    ticket_code: `C${n}`,
    status: 'unused' as const,
    ...stamps,
  }))) {
    await writer.insertInto('ticket').values(rows).execute()
  }
  for (const rows of chunks(bookings, (n) => ({
    ticket_id: n,
    event_id: (n % 2_000) + 1,
    ticket_type_id: 1,
    kind: 'admitted' as const,
    door: 'x',
    at,
    created_at: at,
  }))) {
    await writer.insertInto('check_in').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    id: `s${n}`,
    user_id: n,
    created_at: at,
    expires_at: at,
    ended_at: null,
  }))) {
    await writer.insertInto('session').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    token_hash: `r${n}`,
    session_id: `s${n}`,
    created_at: at,
    replaced_at: null,
  }))) {
    await writer.insertInto('refresh_token').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({ token_hash: `p${n}`, user_id: n, created_at: at, expires_at: at }))) {
    await writer.insertInto('password_reset').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    owner_id: n,
    name: 'x',
    prefix: 'x',
    key_hash: `h${n}`,
    scopes: 'read',
    created_at: at,
    revoked_at: null,
  }))) {
    await writer.insertInto('api_key').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({ event_id: n, user_id: n, created_at: at }))) {
    await writer.insertInto('event_staff').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    scope: 'anyone',
    idempotency_key: `k${n}`,
    fingerprint: 'x',
    answer: '{}',
    created_at: at.replace('00:00', `${String(n % 24).padStart(2, '0')}:00`).slice(0, 23),
  }))) {
    await writer.insertInto('idempotency_key').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    booking_id: n,
    event_id: (n % 10) + 1,
    expires_at: n % 2 === 0 ? null : at,
    items: '[]',
  }))) {
    await writer.insertInto('hold').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    event_id: n,
    name: 'x',
    price: 1,
    capacity: null,
    available_seat: null,
    sales_open_at: null,
    sales_close_at: null,
    ...stamps,
  }))) {
    await writer.insertInto('ticket_type').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({ event_id: n, position: 1, files: '[]', created_at: at }))) {
    await writer.insertInto('event_image').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    provider: 'sandbox' as const,
    event_key: `n${n}`,
    attempt_key: null,
    body: '',
    outcome: n % 20 === 0 ? ('unknown' as const) : ('applied' as const),
    received_at: at,
    applied_at: null,
  }))) {
    await writer.insertInto('payment_notice').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    booking_id: n,
    provider: 'sandbox' as const,
    attempt_key: `a${n}`,
    amount: 1,
    currency: 'IDR',
    status: 'paid' as const,
    ...stamps,
  }))) {
    await writer.insertInto('payment').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    payment_id: n,
    booking_id: n,
    organizer_id: 1_500,
    refund_key: `r${n}`,
    amount: 1,
    currency: 'IDR',
    status: 'done' as const,
    reason: 'cancelled' as const,
    ...stamps,
  }))) {
    await writer.insertInto('refund').values(rows).execute()
  }
  for (const rows of chunks(bookings, (n) => ({
    cause: `payment ${n >> 1}`,
    account: n % 2 === 0 ? `organizer:${1_000 + (n % 20)}` : `provider:${n % 20}`,
    amount: n % 2 === 0 ? -1 : 1,
    currency: 'IDR',
    event_id: (n % 10) + 1,
    booking_id: (n >> 1) + 1,
    at,
  }))) {
    await writer.insertInto('ledger_entry').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({
    kind: n % 10 > 0 ? 'test' : 'send_refund',
    dedup_key: `k${n}`,
    payload: '{}',
    run_at: n % 4 > 0 ? at : null,
    dead_at: n % 4 > 0 ? null : at,
    last_error: null,
    created_at: at,
  }))) {
    await writer.insertInto('outbox').values(rows).execute()
  }
  for (const rows of chunks(2_000, (n) => ({ what: `{"events":[${n}]}`, at }))) {
    await writer.insertInto('live_change').values(rows).execute()
  }
  for (const rows of chunks(bookings, (n) => ({
    kind: 'booking_confirmed' as const,
    dedup_key: `mail ${n}`,
    user_id: n + 1,
    email: null,
    organizer_id: 1_000 + (n % 20),
    event_id: (n % 10) + 1,
    booking_id: n + 1,
    ticket_id: null,
    details: '{}',
    status: 'sent' as const,
    last_error: null,
    sent_at: at,
    ...stamps,
  }))) {
    await writer.insertInto('mail').values(rows).execute()
  }
  const analyze =
    dialect.name === 'sqlite'
      ? 'analyze'
      : 'analyze table user, event, booking, ticket, idempotency_key, session, refresh_token, api_key, event_staff, payment, refund, ledger_entry, outbox, live_change, mail, hold, ticket_type, payment_notice'
  await inTransaction({ writer, dialect } as Database, (tx) => sql.raw(analyze).execute(tx))
}

/** MySQL 9 draws a tree unless it is told not to; MariaDB knows nothing but tables, and no word for them. */
async function tableOfPlan(): Promise<string> {
  const { rows } = await sql<{ version: string }>`select version() as version`.execute(database.db)
  return /mariadb/i.test(rows[0]!.version) ? 'explain' : 'explain format = traditional'
}
