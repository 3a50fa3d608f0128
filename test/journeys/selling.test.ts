import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { findPayment } from '../../src/features/payments/payments.sql.ts'
import { applyFound } from '../../src/features/payments/settle-payment.ts'
import { breaker } from '../../src/features/payments/providers/breaker.ts'
import type { Role } from '../../src/lib/caller.ts'
import { addSeconds, toRfc3339, toTimestamp } from '../../src/lib/time.ts'
import type { FakeProvider, WebhookOptions } from '../fakes/fake-provider.ts'
import { fakeMidtrans } from '../fakes/midtrans.ts'
import { fakeStripe } from '../fakes/stripe.ts'
import { fakeXendit } from '../fakes/xendit.ts'
import { assertBooksBalance } from '../support/books.ts'
import { factories } from '../support/factories.ts'
import { people, type Person } from '../support/people.ts'
import { startSelling } from '../support/selling.ts'

const quick = { sleep: async () => {}, timeout_ms: 500 }
const fakes = {
  midtrans: await fakeMidtrans(),
  xendit: await fakeXendit(),
  stripe: await fakeStripe(() => started.time.now()),
}
const all = Object.values(fakes)
/** What happens while a payment is on its way to its provider. */
let whileOpening = async () => {}
const started = await startSelling(
  () =>
    all.map((fake) => {
      const provider = fake.provider({ ...quick, breaker: breaker(fake.name, { open_ms: 0 }) })
      return {
        ...provider,
        async open(attempt) {
          await whileOpening()
          return provider.open(attempt)
        },
      }
    }),
  { fee_basis_points: 250 },
)
const { app, deps, work, time } = started
after(() => Promise.all(all.map((fake) => fake.stop())))

const { signIn, signedIn: signedInOnce } = people(started)
/** The clock is set ahead by hours here, so tokens end: everyone signs in again when theirs has. */
async function signedIn(role: Role): Promise<Person> {
  let person = await signedInOnce(role)
  return {
    ...person,
    async call(...request) {
      const answer = await person.call(...request)
      if (answer.status !== 401) return answer
      person = await signIn(person.id, person.email)
      return person.call(...request)
    },
  }
}
const { anEvent } = factories(deps)
const admin = await signedIn('admin')
const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const price = 150_000

const aSale = (more: object = {}) => anEvent({ organizer_id: organizer.id, price, capacity: 20, ...more })
const get = async (path: string, who = customer) => (await who.call('GET', `/api/v2${path}`)).body
const book = async (eventId: number, quantity = 2) =>
  (await customer.call('POST', '/api/v2/bookings', { event_id: eventId, quantity })).body
const pay = async (bookingId: number, provider: string) =>
  customer.call('POST', `/api/v2/bookings/${bookingId}/payments`, { provider })
const keyOf = async (paymentId: number) =>
  (
    await deps.database.db
      .selectFrom('payment')
      .select('attempt_key')
      .where('id', '=', paymentId)
      .executeTakeFirstOrThrow()
  ).attempt_key
const webhookOf = (fake: FakeProvider, key: string, more: WebhookOptions = {}) =>
  fake.webhook(key, { at: deps.now(), ...more })
const tell = ({ name }: FakeProvider, { headers, body }: { headers: Record<string, string>; body: Buffer }) =>
  app.inject({ method: 'POST', url: `/api/v2/webhooks/${name}`, headers, payload: body })
const seatsLeft = async (eventId: number) => (await get(`/events/${eventId}`)).available_seat as number

/** A booking with an open payment. */
async function aPending(fake: FakeProvider, more: object = {}, quantity = 2) {
  const event = await aSale(more)
  const booking = await book(event.id, quantity)
  const opened = await pay(booking.id, fake.name)
  assert.equal(opened.status, 201, opened.text)
  return { event, booking, payment: opened.body, key: await keyOf(opened.body.id) }
}
/** One that is paid, and has its tickets. */
async function aPaid(fake: FakeProvider, more: object = {}, quantity = 2) {
  const pending = await aPending(fake, more, quantity)
  fake.pay(pending.key)
  assert.equal((await tell(fake, webhookOf(fake, pending.key))).statusCode, 200)
  await work()
  assert.equal((await get(`/bookings/${pending.booking.id}`)).status, 'success')
  return pending
}

for (const fake of all) {
  test(`${fake.name}: held, paid, told twice: one set of tickets, and books that balance`, async () => {
    const { event, booking, payment, key } = await aPending(fake)
    assert.deepEqual([booking.status, booking.currency, await seatsLeft(event.id)], ['pending', 'IDR', 18])
    assert.match(payment.pay_url, /^http/)
    assert.equal((await get(`/bookings/${booking.id}/tickets`)).items.length, 0)
    assert.equal((await pay(booking.id, fake.name)).body.id, payment.id)

    fake.pay(key)
    const webhook = webhookOf(fake, key)
    for (const { statusCode } of await Promise.all([tell(fake, webhook), tell(fake, webhook), tell(fake, webhook)])) {
      assert.equal(statusCode, 200)
    }
    await work()
    await tell(fake, webhook)
    await work()
    const paid = await get(`/bookings/${booking.id}`)
    assert.deepEqual([paid.status, paid.items[0].quantity], ['success', 2])
    assert.equal((await get(`/bookings/${booking.id}/tickets`)).items.length, 2)
    assert.equal((await get(`/payments/${payment.id}`)).status, 'paid')
    const [takings] = (await get(`/events/${event.id}/takings`, organizer)).takings
    assert.deepEqual([takings.charged, takings.fees], [300_000, 7_500])
    await assertBooksBalance(deps.database.db)
  })

  test(`${fake.name}: a webhook that never comes is made up for by asking`, async () => {
    const { booking, key } = await aPending(fake)
    fake.pay(key)
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'pending')
    time.forward(2)
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'success')
  })

  test(`${fake.name}: a forged webhook is refused, and changes nothing`, async () => {
    const { booking, key } = await aPending(fake)
    fake.pay(key)
    for (const wrong of [webhookOf(fake, key, { forge: true }), { headers: {}, body: Buffer.from('{}') }]) {
      const { statusCode } = await tell(fake, wrong)
      assert.ok(statusCode === 401 || statusCode === 400, String(statusCode))
    }
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'pending')
  })

  test(`${fake.name}: another amount gives no tickets, goes back, and the booking can still be paid`, async () => {
    const { booking, payment, key } = await aPending(fake)
    fake.pay(key, { amount: 1_000 })
    await tell(fake, webhookOf(fake, key))
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'pending')
    const { status, amount, note } = await get(`/payments/${payment.id}`)
    assert.deepEqual([status, amount], ['paid', 1_000])
    assert.match(note, /1000/)
    time.forward(20)
    await work()
    const [refund] = (await get(`/bookings/${booking.id}/refunds`)).items
    assert.deepEqual([refund.reason, refund.amount], ['wrong_amount', 1_000])
    assert.equal((await get(`/bookings/${booking.id}`)).refunded ?? 0, 0, 'nothing of the booking was refunded')
    await assertBooksBalance(deps.database.db)
  })

  test(`${fake.name}: paid after the hold ended: seats again if there are any, else the money back`, async () => {
    const { event, booking, key } = await aPending(fake, { capacity: 2 })
    const other = await aPending(fake, { capacity: 2 })
    time.forward(16)
    // Both are begun at the provider before the hold ends, and come through afterwards.
    fake.pay(key, { late: true })
    fake.pay(other.key, { late: true })
    const blocker = await signedIn('customer')
    await deps.database.writer.updateTable('hold').set({ expires_at: '2020-01-01 00:00:00.000' }).where('booking_id', 'in', [booking.id, other.booking.id]).execute() // prettier-ignore
    await expire()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'expired')
    assert.equal(await seatsLeft(other.event.id), 2)
    const taken = await blocker.call('POST', '/api/v2/bookings', { event_id: other.event.id, quantity: 1 })
    assert.equal(taken.status, 201)
    await tell(fake, webhookOf(fake, key))
    await tell(fake, webhookOf(fake, other.key))
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'success')
    assert.equal(await seatsLeft(event.id), 0)
    assert.equal((await get(`/bookings/${other.booking.id}`)).status, 'expired')
    const [refund] = (await get(`/bookings/${other.booking.id}/refunds`)).items
    assert.deepEqual([refund.reason, refund.amount, refund.status], ['paid_too_late', 300_000, 'done'])
    assert.equal(fake.books().get(other.key)!.refunded, fake.books().get(other.key)!.paid)
    await assertBooksBalance(deps.database.db)
  })

  test(`${fake.name}: a provider that charges and does not answer is asked again under the same key`, async () => {
    const event = await aSale()
    const booking = await book(event.id)
    fake.misbehave('drop after', 10, /^POST/)
    const lost = await pay(booking.id, fake.name)
    fake.behave()
    assert.equal(lost.body.code, 'provider_unavailable')
    const opened = await pay(booking.id, fake.name)
    assert.equal(opened.status, 201, opened.text)
    const key = await keyOf(opened.body.id)
    fake.pay(key)
    time.forward(2)
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'success')
    assert.equal((await get(`/bookings/${booking.id}/payments`)).items.length, 1)
  })

  test(`${fake.name}: cancelled ticket by ticket, every rupiah goes back once`, async () => {
    const { event, booking, key } = await aPaid(fake, {}, 3)
    fake.settle(key)
    const [first, ...others] = (await get(`/bookings/${booking.id}/tickets`)).items
    const cancel = (body: object, who = organizer) =>
      who.call('POST', `/api/v2/bookings/${booking.id}/cancellation`, body)
    assert.equal((await cancel({}, customer)).body.code, 'cancellation_closed')
    const one = await cancel({ ticket_ids: [first.id] })
    assert.deepEqual([one.body.status, one.body.refunded], ['partially_refunded', price])
    fake.misbehave('drop after', 1, /^POST/)
    await work()
    time.forward(1)
    await work()
    const used = await organizer.call('POST', `/api/v2/tickets/${first.id}/use`)
    assert.equal(used.body.code, 'ticket_void')
    assert.equal((await cancel({ ticket_ids: [first.id] })).body.code, 'booking_not_cancellable')
    const rest = await cancel({})
    assert.deepEqual([rest.body.status, rest.body.refunded], ['cancelled', 3 * price])
    await work()
    time.forward(15)
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'refunded')
    assert.deepEqual(fake.books().get(key), { paid: 3 * price, refunded: 3 * price })
    assert.equal(await seatsLeft(event.id), 20)
    assert.equal(others.length, 2)
    const [takings] = (await get(`/events/${event.id}/takings`, organizer)).takings
    assert.deepEqual([takings.net, takings.fees], [0, 0])
    await assertBooksBalance(deps.database.db)
  })

  test(`${fake.name}: what it can't pay back waits for a person, who says when it is done`, async () => {
    if (!fake.irreversible) return
    const { booking, key } = await aPending(fake)
    fake.begin(key, fake.irreversible)
    fake.pay(key, { channel: fake.irreversible })
    fake.settle(key)
    await tell(fake, webhookOf(fake, key))
    await work()
    await organizer.call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {})
    await work()
    const waiting = (await get('/refunds?status=by_hand', organizer)).items
    const refund = waiting.find(({ booking_id }: { booking_id: number }) => booking_id === booking.id)
    assert.ok(refund, 'it waits')
    const path = `/api/v2/refunds/${refund.id}/completion`
    assert.equal((await (await signedIn('organizer')).call('POST', path, {})).status, 404)
    const done = await organizer.call('POST', path, { note: 'BCA, Monday' })
    assert.deepEqual([done.body.status, done.body.note], ['done', 'BCA, Monday'])
    assert.equal((await organizer.call('POST', path, {})).body.code, 'refund_not_by_hand')
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'refunded')
    await assertBooksBalance(deps.database.db)
  })
}

/** Ends what is over, and does nothing else. */
async function expire(): Promise<void> {
  const { expireHolds } = await import('../../src/features/bookings/expire-holds.ts')
  while ((await expireHolds(deps)) > 0);
}

test('a payment that is opened twice at once has one page, at whichever provider', async () => {
  for (const fake of all) {
    const booking = await book((await aSale()).id)
    const opened = await Promise.all([1, 2, 3].map(() => pay(booking.id, fake.name)))
    const pages = opened.filter(({ status }) => status === 201).map(({ body }) => body.pay_url)
    assert.equal(new Set(pages).size, 1, `${fake.name}: ${JSON.stringify(pages)}`)
    const { attempt_key, reference } = await deps.database.db.selectFrom('payment').selectAll().where('booking_id', '=', booking.id).executeTakeFirstOrThrow() // prettier-ignore
    fake.pay(attempt_key, { reference: reference ?? undefined })
    time.forward(2)
    await work()
    assert.equal((await get(`/bookings/${booking.id}`)).status, 'success', fake.name)
  }
  await assertBooksBalance(deps.database.db)
})

test('a look at a page that the customer was not sent to changes nothing, unless that one is paid', async () => {
  for (const [state, reference] of [
    ['awaiting', undefined],
    ['gone', undefined],
    ['paid', 'another'],
  ] as const) {
    const { payment, key } = await aPending(fakes.xendit)
    const before = (await findPayment(deps.database.db, payment.id))!
    const seen = { state, amount: 300_000, currency: 'IDR', reference: 'another' }
    await applyFound(deps, started.selling, { ...before, reference: null }, seen)
    const after = (await findPayment(deps.database.db, payment.id))!
    assert.equal(after.reference, reference ?? before.reference)
    if (state === 'paid') continue
    fakes.xendit.pay(key)
    time.forward(2)
    await work()
    assert.equal((await get(`/payments/${payment.id}`)).status, 'paid')
  }
  await assertBooksBalance(deps.database.db)
})

test('a provider that is away for hours is asked until it is back, and nobody needs to step in', async () => {
  const { booking, key } = await aPaid(fakes.midtrans, {}, 3)
  const { booking: card, key: cardKey } = await aPending(fakes.midtrans, {}, 2)
  fakes.midtrans.pay(cardKey, { channel: 'credit_card' })
  time.forward(2)
  await work()
  // Of what a card has paid, a part goes back when it is settled: within a day.
  const [first] = (await get(`/bookings/${card.id}/tickets`)).items
  await organizer.call('POST', `/api/v2/bookings/${card.id}/cancellation`, { ticket_ids: [first.id] })
  await organizer.call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {})
  fakes.midtrans.misbehave('error', 10_000)
  for (let minutes = 0; minutes < 8 * 60; minutes += 10) {
    time.forward(10)
    await work()
  }
  fakes.midtrans.behave()
  for (let minutes = 0; minutes < 8 * 60; minutes += 10) {
    time.forward(10)
    await work()
  }
  assert.equal((await get(`/bookings/${booking.id}`)).status, 'refunded')
  assert.deepEqual(fakes.midtrans.books().get(key), { paid: 450_000, refunded: 450_000 })
  fakes.midtrans.settle(cardKey)
  time.forward(11)
  await work()
  assert.deepEqual(fakes.midtrans.books().get(cardKey), { paid: 300_000, refunded: 150_000 })
})

test('two providers paid for one booking: tickets once, and the second money back', async () => {
  const { booking, key } = await aPending(fakes.midtrans)
  const second = (await pay(booking.id, 'xendit')).body
  fakes.midtrans.pay(key)
  fakes.xendit.pay(await keyOf(second.id))
  await tell(fakes.xendit, webhookOf(fakes.xendit, await keyOf(second.id)))
  await tell(fakes.midtrans, webhookOf(fakes.midtrans, key))
  await work()
  time.forward(15)
  await work()
  const payments = (await get(`/bookings/${booking.id}/payments`)).items
  assert.deepEqual(payments.map(({ status }: { status: string }) => status), ['paid', 'paid']) // prettier-ignore
  const refunds = (await get(`/bookings/${booking.id}/refunds`)).items
  assert.deepEqual(refunds.map(({ reason, status }: Record<string, string>) => `${reason} ${status}`), ['paid_twice done']) // prettier-ignore
  assert.equal((await get(`/bookings/${booking.id}/tickets`)).items.length, 2)
  await assertBooksBalance(deps.database.db)
})

test('a hold that ends gives its seats back; after a declined payment the booking has failed', async () => {
  const { event, booking } = await aPending(fakes.stripe)
  const declined = await aPending(fakes.midtrans)
  fakes.midtrans.decline(declined.key)
  await tell(fakes.midtrans, webhookOf(fakes.midtrans, declined.key))
  await work()
  assert.equal((await get(`/payments/${declined.payment.id}`)).status, 'failed')
  time.forward(16)
  await work()
  assert.equal((await get(`/bookings/${booking.id}`)).status, 'expired')
  assert.equal((await get(`/bookings/${declined.booking.id}`)).status, 'failed')
  assert.deepEqual([await seatsLeft(event.id), await seatsLeft(declined.event.id)], [20, 20])
  assert.equal((await pay(booking.id, 'stripe')).body.code, 'booking_not_pending')
  await assertBooksBalance(deps.database.db)
})

test('the customer cancels within the policy, for its percentage, rounded down', async () => {
  const at = toTimestamp(deps.now())
  const { booking, event } = await aPaid(fakes.midtrans, {}, 1)
  await deps.database.writer.updateTable('event').set({ cancel_until_hours: 24, cancel_refund_percent: 33, date: addSeconds(at, 25 * 3_600) }).where('id', '=', event.id).execute() // prettier-ignore
  const path = `/api/v2/bookings/${booking.id}/cancellation`
  const cancelled = await customer.call('POST', path, {})
  assert.deepEqual([cancelled.status, cancelled.body.status, cancelled.body.refunded], [200, 'cancelled', 49_500])
  await work()
  assert.equal((await get(`/bookings/${booking.id}`)).status, 'cancelled')
  await assertBooksBalance(deps.database.db)
})

test('a pending booking is given up: its seats are back at once, and its payment is closed', async () => {
  const { event, booking, payment, key } = await aPending(fakes.xendit)
  const path = `/api/v2/bookings/${booking.id}/cancellation`
  assert.equal((await customer.call('POST', path, {})).body.status, 'cancelled')
  assert.equal(await seatsLeft(event.id), 20)
  await work()
  assert.equal((await get(`/payments/${payment.id}`)).status, 'expired')
  assert.equal(fakes.xendit.pay(key), false)
  assert.equal((await customer.call('POST', path, {})).body.code, 'booking_not_cancellable')
})

test('a booking that is given up while its payment is opened has no page, and the payment is closed', async () => {
  // Not Midtrans, who closes nothing before the customer has chosen how to pay; its page ends with the hold.
  for (const fake of [fakes.xendit, fakes.stripe]) {
    const booking = await book((await aSale()).id)
    whileOpening = async () => {
      whileOpening = async () => {}
      await customer.call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {})
      await work()
    }
    const opened = await pay(booking.id, fake.name)
    assert.deepEqual([opened.status, opened.body.code], [409, 'booking_not_pending'])
    await work()
    const [payment] = (await get(`/bookings/${booking.id}/payments`)).items
    assert.deepEqual([payment.status, payment.pay_url ?? null], ['expired', null])
    assert.equal(fake.pay(await keyOf(payment.id)), false)
  }
})

test('money that a bank sends back after it was refunded waits for a person, once', async () => {
  const fake = fakes.stripe
  const { event, booking, key } = await aPaid(fake)
  await organizer.call('POST', `/api/v2/bookings/${booking.id}/cancellation`, {})
  await work()
  assert.equal((await get(`/bookings/${booking.id}`)).status, 'refunded')
  const held = async () => {
    const query = deps.database.db.selectFrom('ledger_entry').select('amount').where('account', '=', 'provider:stripe')
    const entries = await query.where('booking_id', '=', booking.id).execute()
    return entries.reduce((sum, { amount }) => sum + amount, 0)
  }
  assert.equal(await held(), 0)
  const [failed] = fake.sendBack(key)
  await tell(fake, failed!)
  await work()
  const refund = async () => (await get(`/bookings/${booking.id}/refunds`)).items[0]
  const { id, status, note, done_at } = await refund()
  assert.deepEqual([status, note, done_at], ['by_hand', 'sent back: failed', null])
  assert.deepEqual([(await get(`/bookings/${booking.id}`)).status, await held()], ['cancelled', 300_000])
  await assertBooksBalance(deps.database.db)

  const done = await organizer.call('POST', `/api/v2/refunds/${id}/completion`, { note: 'BCA, Monday' })
  assert.equal(done.body.status, 'done')
  // Told about it anew, it is not taken for sent back again.
  await tell(fake, fake.sendBack(key, 'refund.updated')[0]!)
  await work()
  assert.equal((await refund()).status, 'done')
  assert.deepEqual([(await get(`/bookings/${booking.id}`)).status, await held()], ['refunded', 0])
  assert.equal((await get(`/events/${event.id}/takings`, organizer)).takings[0].net, 0)
  await assertBooksBalance(deps.database.db)
})

test('an event that is called off gives everyone their money back, and lets nobody in', async () => {
  const { event, booking, key } = await aPaid(fakes.xendit)
  const pending = await book(event.id, 1)
  const tickets = (await get(`/bookings/${booking.id}/tickets`)).items
  await organizer.call('POST', `/api/v2/tickets/${tickets[0].id}/use`)
  const path = `/api/v2/events/${event.id}/cancellation`
  assert.equal((await organizer.call('GET', path)).body.code, 'event_not_cancelled')
  const begun = await organizer.call('POST', path, { reason: 'Rain' })
  assert.deepEqual([begun.status, begun.body.bookings, begun.body.finished_at], [202, 2, null])
  assert.equal((await book(event.id, 1)).code, 'event_not_available')
  await work()
  time.forward(15)
  await work()
  const done = (await organizer.call('GET', path)).body
  assert.deepEqual([done.cancelled, done.reason, done.finished_at === null], [2, 'Rain', false])
  assert.equal((await get(`/bookings/${booking.id}`)).status, 'refunded')
  assert.equal((await get(`/bookings/${pending.id}`)).status, 'cancelled')
  assert.deepEqual(fakes.xendit.books().get(key), { paid: 300_000, refunded: 300_000 })
  const again = await organizer.call('POST', path, {})
  assert.equal(again.body.code, 'event_already_cancelled')
  await assertBooksBalance(deps.database.db)
})

test('a webhook about a payment that is not ours is kept for a person', async () => {
  const elsewhere = await fakeMidtrans()
  const attempt = { amount: 1, currency: 'IDR', description: 'x', customer: { name: 'x', email: 'x@example.com' } }
  await elsewhere
    .provider(quick)
    .open({ ...attempt, key: 'somebody-elses', created_at: new Date(), expires_at: new Date(), return_url: undefined })
  elsewhere.begin('somebody-elses')
  assert.equal((await tell(elsewhere, elsewhere.webhook('somebody-elses'))).statusCode, 200)
  await elsewhere.stop()
  const { items } = (await admin.call('GET', '/api/v2/payment-notices')).body
  assert.deepEqual([items[0].attempt_key, items[0].outcome], ['somebody-elses', 'unknown'])
})

test('what nobody can be paid is refused before anything is held', async () => {
  const event = await aSale({ price: 10 })
  await organizer.call('PATCH', `/api/v2/events/${event.id}`, { currency: 'USD' }, { 'if-match': '*' })
  assert.equal((await book(event.id)).code, 'total_not_payable')
  assert.equal(await seatsLeft(event.id), 20)
})

test('a free booking, and one of a box office, succeed at once', async () => {
  const free = await aSale({ price: 0 })
  assert.equal((await book(free.id)).status, 'success')
  const { body } = await organizer.call('POST', '/api/v2/api-keys', { name: 'Box office', scopes: ['sell'] })
  const sale = await aSale()
  const sold = await started.call(
    'POST',
    '/api/v2/bookings',
    { event_id: sale.id, customer_id: customer.id, quantity: 1 },
    { authorization: `Bearer ${body.secret}` },
  )
  assert.equal(sold.body.status, 'success')
})

test('the last ticket that is cancelled may be one for nothing: the booking is refunded all the same', async () => {
  const fake = fakes.xendit
  const event = await aSale()
  const [paid] = (await get(`/events/${event.id}/ticket-types`)).items
  const path = `/api/v2/events/${event.id}/ticket-types`
  const free = (await organizer.call('POST', path, { name: 'Anak', price: 0 })).body
  const items = [paid, free].map(({ id }) => ({ ticket_type_id: id, quantity: 1 }))
  const booking = (await customer.call('POST', '/api/v2/bookings', { event_id: event.id, items })).body
  const opened = await pay(booking.id, fake.name)
  const key = await keyOf(opened.body.id)
  fake.pay(key)
  fake.settle(key)
  await tell(fake, webhookOf(fake, key))
  await work()
  const cancel = (body: object) => organizer.call('POST', `/api/v2/bookings/${booking.id}/cancellation`, body)
  const tickets = (await get(`/bookings/${booking.id}/tickets`)).items as { id: number }[]
  await cancel({ ticket_ids: [tickets[0]!.id] })
  await work()
  time.forward(15)
  await work()
  const last = await cancel({})
  assert.deepEqual([last.status, last.body.status, last.body.refunded], [200, 'refunded', price])
  await assertBooksBalance(deps.database.db)
})

test('a booking that was paid is not deleted, but cancelled', async () => {
  const { booking } = await aPaid(fakes.midtrans)
  const answer = await organizer.call('DELETE', `/api/v2/bookings/${booking.id}`)
  assert.equal(answer.body.code, 'booking_has_payments')
})

test('a payment is opened for seats that are held for two days, at each provider', async () => {
  for (const fake of all) await aPending(fake, { hold_minutes: 2 * 24 * 60 })
})

test('until when it is held is shown, and kept', async () => {
  const { booking } = await aPending(fakes.midtrans)
  const shown = await get(`/bookings/${booking.id}`)
  assert.equal(shown.expires_at, booking.expires_at)
  assert.equal(shown.items[0].holder_names.length, 2)
  assert.ok(shown.expires_at > toRfc3339(toTimestamp(deps.now())))
})

test('who is erased leaves no name in what they had yet to pay, nor in what a provider has told', async () => {
  const event = await aSale()
  const leaving = await signedIn('customer')
  const names = { quantity: 2, holder_names: ['Siti Rahayu', 'Agus Salim'] }
  const { body: booking } = await leaving.call('POST', '/api/v2/bookings', { event_id: event.id, ...names })
  const { body: payment } = await leaving.call('POST', `/api/v2/bookings/${booking.id}/payments`, {
    provider: 'xendit',
  })
  const key = await keyOf(payment.id)
  fakes.xendit.pay(key)
  await tell(fakes.xendit, webhookOf(fakes.xendit, key))
  assert.equal((await admin.call('POST', `/api/v2/users/${leaving.id}/erasure`)).status, 204)
  await work()
  const rows = {
    hold: await deps.database.db.selectFrom('hold').select('items').execute(),
    ticket: await deps.database.db.selectFrom('ticket').select('holder_name').execute(),
    notice: await deps.database.db.selectFrom('payment_notice').select(['attempt_key', 'body']).execute(),
  }
  assert.doesNotMatch(JSON.stringify([rows.hold, rows.ticket]), /Siti|Agus/)
  assert.equal(rows.notice.find(({ attempt_key }) => attempt_key === key)?.body, '')
  await assertBooksBalance(deps.database.db)
})
