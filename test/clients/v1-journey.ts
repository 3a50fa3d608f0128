import { equal } from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { paths } from './v1.d.ts'

const baseUrl = process.argv[2]!

async function signedIn(role: 'customer' | 'organizer') {
  const visitor = createClient<paths>({ baseUrl })
  const email = `${role}@v1.example.com`
  const account = { email, password: 'password123' }
  const { data } = await visitor.POST('/api/v1/users/register', { body: { ...account, name: role, role } })
  const { data: session } = await visitor.POST('/api/v1/auth/login', { body: account })
  const headers = { authorization: `Bearer ${session!.data.access_token}` }
  return { id: data!.data.id, client: createClient<paths>({ baseUrl, headers }) }
}

const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const { data: event } = await organizer.client.POST('/api/v1/events', {
  body: {
    organizer_id: organizer.id,
    title: 'Konser',
    location: 'Bandung',
    capacity: 2,
    price: 100_000,
    date: '2999-01-01T12:00:00Z',
  },
})
const order = { customer_id: customer.id, event_id: event!.data.id, quantity: 2, holder_names: ['Ani', 'Budi'] }
const booked = await customer.client.POST('/api/v1/bookings', { body: order })
equal(booked.data!.data.total_price, 200_000)
const refused = await customer.client.POST('/api/v1/bookings', { body: order })
equal(refused.response.status, 409)
equal(refused.error!.error, 'event is not available')

const { data: tickets } = await organizer.client.GET('/api/v1/tickets', { params: { query: { page: 1, limit: 10 } } })
const holders = tickets!.data.map(({ holder_name }) => holder_name)
equal(holders.join(), 'Ani,Budi')
const params = { path: { id: tickets!.data[0]!.id } }
const used = await organizer.client.PUT('/api/v1/tickets/{id}/use', { params })
equal(used.data!.success, true)
const again = await organizer.client.PUT('/api/v1/tickets/{id}/use', { params })
equal(again.error!.error, 'ticket has already been used')
