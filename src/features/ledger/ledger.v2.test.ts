import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'
import { inTransaction } from '../../db/transaction.ts'
import { integer_max } from '../../lib/limits.ts'
import type { Booking } from '../bookings/booking.ts'
import { post } from './post.ts'

const started = await startApp({}, { auth: 'on' })
const { aBooking, anEvent } = factories(started.deps)
const { signedIn } = people(started)
const [admin, organizer, rival] = [await signedIn('admin'), await signedIn('organizer'), await signedIn('organizer')]
const event = await anEvent({ organizer_id: organizer.id })
const own = `organizer:${organizer.id}`

let causes = 0
/** Entries under a cause of their own, as post writes them. */
const entries = (booking: Booking, currency: string, ...list: (readonly [account: string, amount: number])[]) =>
  inTransaction(started.deps.database, (tx) =>
    post(tx, {
      cause: `cause ${++causes}`,
      currency,
      event_id: booking.event_id,
      booking_id: booking.id,
      at: '2030-01-01 08:30:00.000',
      entries: list.map(([account, amount]) => ({ account, amount })),
    }),
  )

const booking = await aBooking({ event_id: event.id })
const abroad = await aBooking({ event_id: (await anEvent({ organizer_id: organizer.id })).id })
const other = await aBooking({ event_id: (await anEvent({ organizer_id: rival.id })).id })
await entries(booking, 'IDR', ['provider:sandbox', 500_000], [own, -490_000], ['fees', -10_000])
await entries(booking, 'IDR', [own, 98_000], ['fees', 2_000], ['customers', -100_000])
// Came twice, and was never the organizer's.
await entries(booking, 'IDR', ['provider:sandbox', 7], ['customers', -7])
await entries(abroad, 'USD', ['provider:sandbox', 1_000], [own, -1_000])
await entries(other, 'IDR', ['provider:sandbox', 30], [`organizer:${rival.id}`, -30])

const get = async (who: typeof admin, path: string) => (await who.call('GET', `/api/v2${path}`)).body
const read = async (who: typeof admin, query = ''): Promise<(string | number)[][]> =>
  (await get(who, `/ledger-entries${query}`)).items.map((entry: Record<string, string | number>) => [
    entry['account'],
    entry['amount'],
    entry['currency'],
  ])

test('an organizer reads the entries of their own account alone, newest first, whatever is asked for', async () => {
  const mine = [
    [own, -1_000, 'USD'],
    [own, 98_000, 'IDR'],
    [own, -490_000, 'IDR'],
  ]
  assert.deepEqual(await read(organizer), mine)
  assert.deepEqual(await read(organizer, `?account=${own}`), mine)
  assert.deepEqual(await read(organizer, `?event_id=${event.id}`), mine.slice(1))
  for (const query of [`?account=fees`, `?account=organizer:${rival.id}`, `?booking_id=${other.id}`]) {
    assert.deepEqual(await read(organizer, query), [], query)
  }
})

test('an admin reads all of them, narrowed by account, event and booking', async () => {
  assert.equal((await read(admin)).length, 12)
  assert.deepEqual(await read(admin, '?account=fees'), [
    ['fees', 2_000, 'IDR'],
    ['fees', -10_000, 'IDR'],
  ])
  assert.equal((await read(admin, `?event_id=${event.id}`)).length, 8)
  assert.equal((await read(admin, `?booking_id=${other.id}&account=provider:sandbox`)).length, 1)
  const { items } = await get(admin, `/ledger-entries?limit=1`)
  assert.deepEqual(
    { ...items[0], id: 0 },
    {
      id: 0,
      cause: 'cause 5',
      account: `organizer:${rival.id}`,
      amount: -30,
      currency: 'IDR',
      event_id: other.event_id,
      booking_id: other.id,
      at: '2030-01-01T08:30:00Z',
    },
  )
})

test('entries come page by page, each once, while more are written', async () => {
  const whole: { id: number }[] = (await get(admin, '/ledger-entries')).items
  const paged: number[] = []
  for (let cursor = ''; ;) {
    const page = await get(admin, `/ledger-entries?limit=5${cursor}`)
    for (const { id } of page.items) paged.push(id)
    await entries(other, 'IDR', ['provider:sandbox', 1], [`organizer:${rival.id}`, -1])
    if (page.next_cursor === null) break
    cursor = `&cursor=${page.next_cursor}`
  }
  assert.deepEqual(
    paged,
    whole.map(({ id }) => id),
  )
})

test('a balance is what is owed to the organizer, by currency', async () => {
  const balances = [
    { currency: 'IDR', amount: 392_000 },
    { currency: 'USD', amount: 1_000 },
  ]
  assert.deepEqual(await get(organizer, '/balance'), { organizer_id: organizer.id, balances })
  assert.deepEqual((await get(admin, `/balance?organizer_id=${organizer.id}`)).balances, balances)
  assert.deepEqual(await get(await signedIn('organizer'), '/balance').then((body) => body.balances), [])
  assert.equal((await get(rival, `/balance?organizer_id=${organizer.id}`)).code, 'not_own_organizer_id')
  assert.deepEqual((await get(admin, '/balance')).errors, [
    { in: 'query', pointer: '/organizer_id', detail: 'organizer_id is required' },
  ])
})

test('takings are what was charged and refunded for an event, and who has the rest', async () => {
  assert.deepEqual(await get(organizer, `/events/${event.id}/takings`), {
    event_id: event.id,
    takings: [{ currency: 'IDR', charged: 500_000, refunded: 100_000, fees: 8_000, net: 392_000 }],
  })
  const nothing = await anEvent({ organizer_id: organizer.id })
  assert.deepEqual((await get(admin, `/events/${nothing.id}/takings`)).takings, [])
  assert.equal((await get(rival, `/events/${event.id}/takings`)).code, 'not_own_event')
})

for (const [name, amounts, net] of [
  ['all that JSON carries exactly', [integer_max, -5, 4], integer_max - 1],
  ['what is beyond it', [integer_max, 1], integer_max],
  ['what has been beyond it', [integer_max, integer_max, integer_max, -integer_max, -integer_max, -7], integer_max - 7],
  ['what is beyond the integers of databases', Array.from({ length: 1_100 }, () => integer_max), integer_max],
  ['what is owed beyond it', [-integer_max, -integer_max], -integer_max],
] as const) {
  test(`a sum is exact, and never more than JSON carries exactly: ${name}`, async () => {
    const seller = await signedIn('organizer')
    const sold = await aBooking({ event_id: (await anEvent({ organizer_id: seller.id })).id })
    for (const amount of amounts) {
      await entries(sold, 'IDR', ['provider:sandbox', amount], [`organizer:${seller.id}`, -amount])
    }
    const { takings } = await get(seller, `/events/${sold.event_id}/takings`)
    assert.equal(takings[0].net, net)
    const charges: readonly number[] = amounts.filter((amount) => amount > 0)
    // Each case is far enough from the bound for this sum of numbers to be on its right side.
    const charged = charges.reduce((sum, amount) => sum + amount, 0)
    assert.equal(takings[0].charged, Math.min(integer_max, charged))
    assert.deepEqual((await get(seller, '/balance')).balances, [{ currency: 'IDR', amount: net }])
  })
}

test('an account that can not be one is refused before the database sees it', async () => {
  for (const account of ['%C3%9C', 'Organizer:7', 'organizer:', 'x'.repeat(65)]) {
    assert.equal((await get(admin, `/ledger-entries?account=${account}`)).errors[0].pointer, '/account', account)
  }
})
