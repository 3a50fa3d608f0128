import { equal } from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { paths } from './v2.d.ts'

const baseUrl = process.argv[2]!

async function signedIn(role: 'customer' | 'organizer') {
  const visitor = createClient<paths>({ baseUrl })
  const email = `${role}@v2.example.com`
  const account = { email, password: 'password123' }
  const { data: user } = await visitor.POST('/api/v2/users', { body: { ...account, name: role, role } })
  const { data: session } = await visitor.POST('/api/v2/auth/login', { body: account })
  const headers = { authorization: `Bearer ${session!.access_token}` }
  return { id: user!.id, client: createClient<paths>({ baseUrl, headers }) }
}

const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const created = await organizer.client.POST('/api/v2/events', {
  body: {
    organizer_id: organizer.id,
    title: 'Konser',
    location: 'Bandung',
    capacity: 1,
    price: 100_000,
    date: '2999-01-01T12:00:00Z',
  },
})
const { id } = created.data!
const changed = await organizer.client.PATCH('/api/v2/events/{id}', {
  params: { path: { id }, header: { 'if-match': created.response.headers.get('etag')! } },
  body: { capacity: 2 },
})
equal(changed.data!.available_seat, 2)
const blind = await organizer.client.PATCH('/api/v2/events/{id}', { params: { path: { id } }, body: { price: 1 } })
equal(blind.error!.code, 'precondition_required')

const order = {
  params: { header: { 'idempotency-key': 'once' } },
  body: { customer_id: customer.id, event_id: id, quantity: 2 },
}
const booked = await customer.client.POST('/api/v2/bookings', order)
const sentAgain = await customer.client.POST('/api/v2/bookings', order)
equal(sentAgain.data!.id, booked.data!.id)
equal(sentAgain.response.headers.get('idempotency-replayed'), 'true')

const seen: number[] = []
let cursor: string | undefined
do {
  const { data } = await organizer.client.GET('/api/v2/tickets', {
    params: { query: { limit: 1, sort: '-id', ...(cursor && { cursor }) } },
  })
  seen.push(...data!.items.map((ticket) => ticket.id))
  cursor = data!.next_cursor ?? undefined
} while (cursor)
equal(seen.length, 2)

const params = { path: { id: seen[0]! } }
const used = await organizer.client.POST('/api/v2/tickets/{id}/use', { params })
equal(used.data!.status, 'used')
equal(used.data!.event_id, id)
const again = await organizer.client.POST('/api/v2/tickets/{id}/use', { params })
equal(again.error!.code, 'ticket_already_used')

const { data: sale } = await organizer.client.POST('/api/v2/events', {
  body: {
    organizer_id: organizer.id,
    title: 'Festival',
    location: 'Bandung',
    capacity: 10,
    price: 100_000,
    date: '2999-01-01T12:00:00Z',
    cancel_until_hours: 24,
  },
})
const vip = await organizer.client.POST('/api/v2/events/{id}/ticket-types', {
  params: { path: { id: sale!.id } },
  body: { name: 'VIP', price: 500_000, capacity: 1, max_per_booking: 2 },
})
const { data: types } = await customer.client.GET('/api/v2/events/{id}/ticket-types', {
  params: { path: { id: sale!.id } },
})
equal(types!.items.map(({ name, price }) => `${name} ${price}`).join(), `${types!.items[0]!.name} 100000,VIP 500000`)
const items = [
  { ticket_type_id: types!.items[0]!.id, quantity: 2, holder_names: ['Ani', 'Budi'] },
  { ticket_type_id: vip.data!.id, quantity: 1 },
]
const several = { customer_id: customer.id, event_id: sale!.id, items }
const mixed = await customer.client.POST('/api/v2/bookings', { body: several })
equal(mixed.data!.total_price, 700_000)
const { data: shown } = await customer.client.GET('/api/v2/bookings/{id}', {
  params: { path: { id: mixed.data!.id } },
})
equal(shown!.items.map(({ price, quantity }) => `${quantity} at ${price}`).join(), '2 at 100000,1 at 500000')
const none = await customer.client.POST('/api/v2/bookings', { body: several })
equal(none.error!.code, 'not_enough_seats')

// Nobody is paid by this server, so there is nothing to open.
const { data: providers } = await customer.client.GET('/api/v2/payment-providers')
equal(providers!.items.length, 0)
const unpaid = await customer.client.POST('/api/v2/bookings/{id}/payments', {
  params: { path: { id: mixed.data!.id } },
  body: { provider: 'midtrans' },
})
equal(unpaid.error!.code, 'provider_not_found')
const cancelled = await organizer.client.POST('/api/v2/bookings/{id}/cancellation', {
  params: { path: { id: mixed.data!.id } },
  body: {},
})
equal(cancelled.data!.status, 'cancelled')
