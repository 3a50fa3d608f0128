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
