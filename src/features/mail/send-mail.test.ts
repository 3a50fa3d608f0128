import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import pino from 'pino'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import { eventually, outboxRows } from '../../../test/support/outbox.ts'
import { textOf, withoutPoppler } from '../../../test/support/pdf.ts'
import { startSmtp } from '../../../test/support/smtp.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system } from '../../lib/caller.ts'
import { dateOf, toTimestamp } from '../../lib/time.ts'
import { workOf } from '../../work.ts'
import { confirmEmail } from '../accounts/confirm-email.ts'
import { cancelBooking } from '../bookings/cancel-booking.ts'
import { groupCommitter } from '../bookings/commit-group.ts'
import { expireHolds } from '../bookings/expire-holds.ts'
import { cancelBookingsOf, cancelEvent } from '../events/cancel-event.ts'
import { changeEvent } from '../events/change-event.ts'
import { runOutbox, TryLater } from '../outbox/run-outbox.ts'
import { openSelling } from '../payments/selling.ts'
import { readLink } from '../signatures/link-token.ts'
import { listTicketsByBooking } from '../tickets/tickets.sql.ts'
import { acceptTransfer } from '../transfers/accept-transfer.ts'
import { offerTransfer } from '../transfers/offer-transfer.ts'
import { remindGuests } from './mail-event.ts'
import { putMail } from './put-mail.ts'
import { retryMail } from './retry-mail.ts'
import { sendMail } from './send-mail.ts'
import { smtpMailer } from './smtp-mailer.ts'

const { database, drop } = await openTestDatabase()
const smtp = await startSmtp()
const mailer = smtpMailer(smtp.url, 'Karcis <tickets@karcis.test>')
after(async () => {
  mailer.close()
  await smtp.close()
  await drop()
})
let ahead_ms = 0
const deps = testDeps(database, { now: () => new Date(Date.now() + ahead_ms), mailer })
const { aCustomer, anEvent, aBooking } = factories(deps)
const log = pino({ level: 'silent' })
const { handlers } = workOf(deps, log, openSelling(deps, [], 0))

/** All that is due now, and what follows from it. */
async function work(): Promise<void> {
  while ((await runOutbox(deps, handlers, log)) > 0);
}
/** The same, going on until nothing waits any more. */
async function workOn(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await work()
    if ((await outboxRows(deps)).length === 0) return
    ahead_ms += 600_000
  }
  assert.fail('the outbox is never empty')
}
const mailsOf = (bookingId: number) =>
  database.db.selectFrom('mail').selectAll().where('booking_id', '=', bookingId).orderBy('id').execute()
const aCustomerOf = async (language: 'en' | 'id') => {
  const user = await aCustomer()
  await database.writer.updateTable('user').set({ language }).where('id', '=', user.id).execute()
  return user
}
await work()

test(
  'who books gets one mail, with the tickets as a PDF and the event for the calendar',
  { skip: withoutPoppler },
  async () => {
    const user = await aCustomerOf('id')
    const event = await anEvent()
    const booking = await aBooking({ customer_id: user.id, event_id: event.id, quantity: 2 })
    await workOn()
    const [one, ...more] = smtp.of(user.email)
    assert.deepEqual(more, [])
    const { mail } = one!
    assert.equal(mail.subject, 'Tiket Anda: Konser')
    assert.equal(mail.from?.text, '"Karcis" <tickets@karcis.test>')
    assert.match(mail.messageId!, /^<mail-\d+@karcis\.test>$/)
    assert.equal(mail.headers.get('auto-submitted'), 'auto-generated')
    assert.equal(mail.headers.get('content-language'), 'id')
    assert.match(mail.text!, new RegExp(user.name))
    assert.match(mail.html as string, /Buka pemesanan/)
    const [pdf, ics] = mail.attachments
    assert.deepEqual([pdf!.filename, pdf!.contentType], ['tiket.pdf', 'application/pdf'])
    const text = textOf(pdf!.content)
    for (const { ticket_code } of await listTicketsByBooking(database.db, booking.id)) {
      assert.match(text.replaceAll(/\s/g, ''), new RegExp(ticket_code))
    }
    assert.deepEqual([ics!.filename, ics!.contentType], ['acara.ics', 'text/calendar'])
    assert.match(ics!.content.toString(), /^BEGIN:VCALENDAR/)
    const token = new URL(/http:\/\/tickets\.test\/go\/booking\S+/.exec(mail.text!)![0]).searchParams.get('token')!
    assert.equal((await readLink(deps.signer, token, 'booking', deps.now()))!.id, booking.id)
    const [row] = await mailsOf(booking.id)
    assert.deepEqual([row!.status, row!.attempts, row!.last_error], ['sent', 1, null])
    assert.ok(row!.sent_at)
  },
)

test('a welcome brings the link by which an address is confirmed', async () => {
  const { id, email } = await aCustomer()
  const at = toTimestamp(deps.now())
  await inTransaction(database, (tx) => putMail(tx, { kind: 'welcome', key: `w ${id}`, to: { user_id: id }, details: {}, at })) // prettier-ignore
  await work()
  const token = new URL(/\S+\/go\/email\S+/.exec(smtp.of(email)[0]!.mail.text!)![0]).searchParams.get('token')!
  await confirmEmail(deps, token)
  const user = await database.db.selectFrom('user').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  assert.ok(user.email_confirmed_at)
})

test('the secret of a new password is in the mail, and nowhere in the database but as a hash', async () => {
  const { id, email } = await aCustomer()
  const at = toTimestamp(deps.now())
  await inTransaction(database, (tx) => putMail(tx, { kind: 'password_reset', key: `p ${id}`, to: { user_id: id }, details: {}, at })) // prettier-ignore
  await work()
  const secret = new URL(/\S+\/go\/password\S+/.exec(smtp.of(email)[0]!.mail.text!)![0]).searchParams.get('token')!
  assert.match(secret, /^karcis_pr_/)
  for (const table of ['mail', 'outbox', 'password_reset', 'audit_entry'] as const) {
    const rows = await database.db.selectFrom(table).selectAll().execute()
    assert.ok(!JSON.stringify(rows).includes(secret), table)
  }
})

test('a mail for a new password that comes twice has one link, which is good once', async () => {
  const { id, email } = await aCustomer()
  smtp.treat(email, 'drop', 'take and drop')
  const at = toTimestamp(deps.now())
  await inTransaction(database, (tx) => putMail(tx, { kind: 'password_reset', key: `p ${id}`, to: { user_id: id }, details: {}, at })) // prettier-ignore
  await workOn()
  const links = smtp.of(email).map(({ mail }) => /\S+\/go\/password\S+/.exec(mail.text!)![0])
  assert.equal(links.length, 2)
  assert.equal(new Set(links).size, 1)
  const resets = await database.db.selectFrom('password_reset').selectAll().where('user_id', '=', id).execute()
  assert.equal(resets.length, 1)
  const issued = await database.db
    .selectFrom('audit_entry')
    .select('id')
    .where('entity_id', '=', id)
    .where('action', '=', 'password_reset_issued')
    .execute()
  assert.equal(issued.length, 1)
})

for (const [whim, mails, attempts] of [
  [['refuse for now', 'refuse for now'], 1, 3],
  [['drop', 'drop'], 1, 3],
  [['wait'], 1, 1],
  // The server took it, and the answer was lost: the one case in which a mail comes twice, under the same name.
  [['take and drop'], 2, 2],
] as const) {
  test(`a server that does "${whim.join(', ')}" gets the mail in the end`, async () => {
    const user = await aCustomer()
    smtp.treat(user.email, ...whim)
    const booking = await aBooking({ customer_id: user.id })
    await workOn()
    const got = smtp.of(user.email)
    assert.equal(got.length, mails)
    assert.equal(new Set(got.map(({ mail }) => mail.messageId)).size, 1)
    const [row] = await mailsOf(booking.id)
    assert.deepEqual([row!.status, row!.attempts], ['sent', attempts])
  })
}

test('a server that takes its time gets the mail once: it is not begun again while it is under way', async () => {
  const user = await aCustomer()
  smtp.treat(user.email, 'wait')
  const at = toTimestamp(deps.now())
  const mail = { kind: 'welcome', key: `slow ${user.id}`, to: { user_id: user.id }, details: {}, at } as const
  await inTransaction(database, (tx) => putMail(tx, mail))
  const rowOfMail = () =>
    database.db.selectFrom('mail').selectAll().where('dedup_key', '=', mail.key).executeTakeFirstOrThrow()
  const { id } = await rowOfMail()
  const impatient = { send_mail: () => sendMail(deps, id, { patience_ms: 50 }) }
  assert.equal(await runOutbox(deps, impatient, log), 1)
  const [message] = await outboxRows(deps)
  assert.deepEqual([message!.attempts, message!.dead_at, message!.last_error], [0, null, null])
  assert.ok(dateOf(message!.run_at!).getTime() - deps.now().getTime() > 500_000, 'long after it must have ended')
  await eventually(async () => (await rowOfMail()).status === 'sent')
  await workOn()
  assert.equal(smtp.of(user.email).length, 1)
  assert.equal((await rowOfMail()).attempts, 1)
})

test('who is refused for good is told to the organizer, with no address, and can be sent to again', async () => {
  const user = await aCustomer()
  smtp.treat(user.email, 'refuse for good')
  const booking = await aBooking({ customer_id: user.id })
  await workOn()
  const [row] = await mailsOf(booking.id)
  assert.equal(row!.status, 'failed')
  assert.match(row!.last_error!, /550/)
  assert.doesNotMatch(row!.last_error!, /@/)
  await retryMail(deps, system, row!.id)
  await workOn()
  assert.equal(smtp.of(user.email).length, 1)
  assert.equal((await mailsOf(booking.id))[0]!.status, 'sent')
})

test('a mail that can’t be written is tried for as long as one that can’t be sent, and can be sent again', async () => {
  const { id: user_id } = await aCustomer()
  const [key, at] = [`odd ${user_id}`, toTimestamp(deps.now())]
  await inTransaction(database, (tx) => putMail(tx, { kind: 'welcome', key, to: { user_id }, details: {}, at }))
  const found = () => database.db.selectFrom('mail').selectAll().where('dedup_key', '=', key).executeTakeFirstOrThrow()
  const change = (values: { details: string; attempts?: number }) =>
    database.writer.updateTable('mail').set(values).where('dedup_key', '=', key).execute()
  const { id, details } = await found()
  await change({ details: 'no JSON' })
  await assert.rejects(sendMail(deps, id), TryLater)
  assert.deepEqual([(await found()).status, (await found()).attempts], ['waiting', 1])
  await change({ details: 'no JSON', attempts: 439 })
  await sendMail(deps, id)
  assert.equal((await found()).status, 'failed')
  await change({ details })
  await retryMail(deps, system, id)
  await workOn()
  assert.equal((await found()).status, 'sent')
})

test('forty bookings at a server of many whims: everyone has their mail, nobody two', async () => {
  const event = await anEvent({ capacity: 100 })
  const whims = [['drop'], ['refuse for now'], [], ['wait'], ['drop', 'refuse for now', 'drop']] as const
  const users = []
  for (let index = 0; index < 40; index++) {
    const user = await aCustomer()
    smtp.treat(user.email, ...whims[index % whims.length]!)
    users.push(user)
    await aBooking({ customer_id: user.id, event_id: event.id })
  }
  await workOn()
  for (const { email } of users) assert.equal(smtp.of(email).length, 1, email)
})

test('what is over when it could be sent is dropped: a booking that was cancelled meanwhile, a person who is gone', async () => {
  const cancelled = await aBooking()
  await cancelBooking(deps, system, cancelled.id)
  const user = await aCustomer()
  const left = await aBooking({ customer_id: user.id })
  await database.writer
    .updateTable('user')
    .set({ deleted_at: toTimestamp(deps.now()) })
    .where('id', '=', user.id)
    .execute()
  const before = smtp.received.length
  await workOn()
  const statuses = (await mailsOf(cancelled.id)).map(({ kind, status }) => `${kind} ${status}`)
  assert.deepEqual(statuses.toSorted(), ['booking_cancelled sent'])
  assert.deepEqual(
    (await mailsOf(left.id)).map(({ status }) => status),
    [],
  )
  assert.equal(smtp.received.length, before + 1)
})

test('a server that is away loses nothing', async () => {
  const away = testDeps(database, { now: deps.now, mailer: smtpMailer('smtp://127.0.0.1:1', 'a@karcis.test') })
  const user = await aCustomer()
  const booking = await aBooking({ customer_id: user.id })
  const own = workOf(away, log, openSelling(away, [], 0)).handlers
  for (let turn = 0; turn < 5; turn++) {
    while ((await runOutbox(away, own, log)) > 0);
    ahead_ms += 600_000
  }
  const [row] = await mailsOf(booking.id)
  assert.equal(row!.status, 'waiting')
  assert.match(row!.last_error!, /ECONNREFUSED/)
  await workOn()
  assert.equal(smtp.of(user.email).length, 1)
})

test('who was handed a ticket is told when it ends, and nothing of money', async () => {
  const booking = await aBooking({ quantity: 2 })
  await workOn()
  const [ticket] = await listTicketsByBooking(database.db, booking.id)
  const holder = { holder_email: 'holder@example.com', holder_language: 'id', holder_name: 'Citra' } as const
  await database.writer.updateTable('ticket').set(holder).where('id', '=', ticket!.id).execute()
  await cancelBooking(deps, system, booking.id)
  await workOn()
  const [one, ...more] = smtp.of('holder@example.com')
  assert.deepEqual(more, [])
  assert.match(one!.mail.text!, /Halo Citra,\n\nTiket yang diserahkan kepada Anda tidak berlaku lagi/)
  assert.doesNotMatch(one!.mail.text!, /Rp|Pemesanan:/)
})

/** The mails that came to an address after these, by their subjects. */
const subjectsOf = (address: string) => smtp.of(address).map(({ mail }) => mail.subject)
const linkIn = (text: string | undefined, page: string) =>
  new URL(new RegExp(`\\S+/go/${page}\\S+`).exec(text ?? '')![0]).searchParams.get('token')!

test('a ticket on its way to somebody else: offered, received, handed over, and nothing of the code in the offer', async () => {
  const user = await aCustomer()
  const booking = await aBooking({ customer_id: user.id })
  await workOn()
  const [before] = await listTicketsByBooking(database.db, booking.id)
  const email = 'citra@example.com'
  await offerTransfer(deps, { ...system, user_id: user.id, role: 'customer' }, before!.id, { email, language: 'id' })
  await workOn()
  const [offer] = smtp.of(email)
  assert.equal(offer!.mail.subject, 'Tiket untuk Anda: Konser')
  assert.match(offer!.mail.text!, new RegExp(`${user.name} menawarkan sebuah tiket`))
  assert.doesNotMatch(offer!.mail.text!, new RegExp(before!.ticket_code))
  const token = linkIn(offer!.mail.text, 'transfer')
  await acceptTransfer(deps, system, { token, holder_name: 'Citra' })
  await workOn()
  const received = smtp.of(email).at(-1)!.mail
  assert.equal(received.subject, 'Tiket Anda: Konser')
  assert.deepEqual(received.attachments.map(({ filename }) => filename), ['tiket.pdf', 'acara.ics']) // prettier-ignore
  const link = await readLink(deps.signer, linkIn(received.text, 'ticket'), 'ticket', deps.now())
  assert.deepEqual([link!.id, link!.version], [before!.id, 2])
  assert.deepEqual(subjectsOf(user.email), ['Your tickets: Konser', 'Handed over: Konser'])
})

test('who has handed over all tickets by then is not told that they are attached', async () => {
  const user = await aCustomer()
  const booking = await aBooking({ customer_id: user.id })
  const theirs = { holder_email: 'dewi@example.com', holder_language: 'id', version: 2 } as const
  await database.writer.updateTable('ticket').set(theirs).where('booking_id', '=', booking.id).execute()
  await workOn()
  const [{ mail }] = smtp.of(user.email) as [ReturnType<typeof smtp.of>[number]]
  assert.deepEqual(mail.attachments, [])
  assert.match(mail.text!, /You have handed over all of its tickets/)
  assert.doesNotMatch(mail.text!, /attached|QR/)
})

test('what becomes of an event is told to its guests: changed, soon, cancelled', async () => {
  const user = await aCustomer()
  const event = await anEvent({ date: new Date(deps.now().getTime() + 40 * 86_400_000).toISOString() })
  await aBooking({ customer_id: user.id, event_id: event.id })
  await workOn()
  await changeEvent(deps, system, event.id, { location: 'Bandung' })
  await workOn()
  const changed = smtp.of(user.email).at(-1)!.mail
  assert.equal(changed.subject, 'Changed: Konser')
  assert.match(changed.text!, /It was at: Jakarta[^]*Where: Bandung/)
  const date = await database.db.selectFrom('event').select('date').where('id', '=', event.id).executeTakeFirstOrThrow()
  ahead_ms += dateOf(date.date).getTime() - deps.now().getTime() - 3_600_000
  assert.equal(await remindGuests(deps), 1)
  await work()
  assert.equal(smtp.of(user.email).at(-1)!.mail.subject, 'Soon: Konser')
  await cancelEvent(deps, system, event.id, 'Rain')
  while (await cancelBookingsOf(deps, event.id));
  await workOn()
  const cancelled = smtp.of(user.email).at(-1)!.mail
  assert.equal(cancelled.subject, 'Cancelled: Konser')
  assert.match(cancelled.text!, /The organizer says: Rain/)
})

test('who has yet to pay is told until when and where, and then that it is too late', async () => {
  const user = await aCustomer()
  const event = await anEvent()
  const items = [{ holders: ['Ani'] }]
  const order = { event_id: event.id, customer_id: user.id, quantity: 1, items, caller: system, isPaidAlready: false }
  const [booking] = await groupCommitter(deps, () => true)([order])
  await work()
  ahead_ms += 61_000
  await work()
  const held = smtp.of(user.email).at(-1)!.mail
  assert.equal(held.subject, 'Your seats are kept: Konser')
  const link = await readLink(deps.signer, linkIn(held.text, 'booking'), 'booking', deps.now())
  assert.equal(link!.id, (booking as { id: number }).id)
  ahead_ms += 20 * 60_000
  assert.equal(await expireHolds(deps), 1)
  await workOn()
  assert.deepEqual(subjectsOf(user.email), ['Your seats are kept: Konser', 'Your booking has expired: Konser'])
})

test('money that went back is told with how much it was', async () => {
  const user = await aCustomerOf('id')
  const booking = await aBooking({ customer_id: user.id })
  await workOn()
  const at = toTimestamp(deps.now())
  const common = { booking_id: booking.id, amount: 50_000, currency: 'IDR', reference: null, note: null, check_at: null, created_at: at, updated_at: at } // prettier-ignore
  const { insertId: payment } = await database.writer
    .insertInto('payment')
    .values({
      ...common,
      provider: 'sandbox',
      attempt_key: 'k',
      status: 'paid',
      charge: null,
      pay_url: null,
      paid_at: at,
    })
    .executeTakeFirstOrThrow()
  const refund = { ...common, payment_id: Number(payment), organizer_id: 1, refund_key: 'k-r1', reason: 'cancelled', done_at: at } // prettier-ignore
  const { insertId } = await database.writer
    .insertInto('refund')
    .values({ ...refund, reason: 'cancelled', status: 'done' })
    .executeTakeFirstOrThrow()
  const about = { organizer_id: booking.organizer_id, event_id: booking.event_id, booking_id: booking.id, at }
  const details = { refund_id: Number(insertId) }
  await inTransaction(database, (tx) =>
    putMail(tx, { kind: 'booking_refunded', key: 'refunded', to: { user_id: user.id }, details, ...about }),
  )
  await workOn()
  const { mail } = smtp.of(user.email).at(-1)!
  assert.match(mail.text!, /Rp\s50\.000 sedang dalam perjalanan kembali/)
})
