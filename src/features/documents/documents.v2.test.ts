import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { aTicketOf, putAtDoors } from '../../../test/support/access-ground.ts'
import { pagesOf, qrTextOf, textOf, withoutPoppler } from '../../../test/support/pdf.ts'
import { people } from '../../../test/support/people.ts'
import { inTransaction } from '../../db/transaction.ts'
import { signLink } from '../signatures/link-token.ts'
import { readTicketToken } from '../signatures/ticket-token.ts'

const started = await startApp({}, { auth: 'on' })
const { app, call, deps } = started
const { aBooking, anEvent } = factories(deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const staff = await signedIn('staff')
const event = await anEvent({ organizer_id: organizer.id, capacity: 100 })
await putAtDoors(deps, event.id, staff.id)
const bookingOf = (quantity = 1) => aBooking({ event_id: event.id, customer_id: customer.id, quantity })
const far = new Date('2999-12-31T00:00:00Z')

const get = (path: string, headers: Record<string, string> = {}) =>
  app.inject({ method: 'GET', url: `/api/v2${path}`, headers })
const code = async (path: string, headers: Record<string, string> = {}) => (await get(path, headers)).json().code
const setTicket = (id: number, change: object) =>
  inTransaction(deps.database, (tx) => tx.updateTable('ticket').set(change).where('id', '=', id).execute())

test(
  'a ticket and all tickets of a booking are printed, in the language and the size that was asked for',
  { skip: withoutPoppler },
  async () => {
    const { id } = await bookingOf(3)
    const pdf = await get(`/bookings/${id}/tickets.pdf?size=phone&lang=id`, customer.headers)
    assert.equal(pdf.statusCode, 200)
    assert.equal(pdf.headers['content-type'], 'application/pdf')
    assert.equal(pdf.headers['cache-control'], 'private, no-store')
    assert.equal(pdf.headers['content-disposition'], `inline; filename="tickets-${id}.pdf"`)
    assert.match(pdf.headers['vary'] as string, /Accept-Language/)
    assert.equal(pagesOf(pdf.rawPayload), 3)
    assert.match(textOf(pdf.rawPayload), /Halaman 2 dari 3/)
    const one = await get(`/tickets/${await aTicketOf(deps, id)}/pdf`, { ...staff.headers, 'accept-language': 'en' })
    assert.match(textOf(one.rawPayload), /Konser[^]*How it works/)
    assert.equal((await get(`/bookings/${id}/tickets.pdf?size=a3`, customer.headers)).statusCode, 400)
    assert.equal((await get(`/bookings/${id}/tickets.pdf?lang=xx`, customer.headers)).statusCode, 400)
  },
)

test('QR codes as SVG and PNG say the ticket’s token', async () => {
  const id = await aTicketOf(deps, (await bookingOf()).id)
  for (const [type, path] of [
    ['image/svg+xml', 'qr.svg'],
    ['image/png', 'qr.png'],
  ] as const) {
    const answer = await get(`/tickets/${id}/${path}`, staff.headers)
    assert.equal(answer.headers['content-type'], type)
    assert.equal(answer.headers['cache-control'], 'private, no-store')
    const token = await qrTextOf(answer.rawPayload)
    assert.deepEqual(await readTicketToken(deps.signer, token), { ticket_id: id, event_id: event.id, version: 1 })
  }
})

test('a link that was made opens a booking or a ticket, and nothing else', async () => {
  const [booking, other] = [await bookingOf(2), await bookingOf()]
  const made = await customer.call('POST', `/api/v2/bookings/${booking.id}/links`)
  assert.equal(made.status, 201)
  const { searchParams, pathname } = new URL(made.body.url)
  assert.equal(pathname, '/go/booking')
  const token = searchParams.get('token')!
  const ticket = await aTicketOf(deps, booking.id)
  for (const path of [
    `/bookings/${booking.id}/tickets.pdf`,
    `/bookings/${booking.id}/event.ics`,
    `/tickets/${ticket}/pdf`,
    `/tickets/${ticket}/qr.svg`,
  ]) {
    assert.equal((await get(`${path}?token=${token}`)).statusCode, 200, path)
    assert.equal(await code(path), 'not_signed_in', path)
    assert.equal(await code(`${path}?token=${token.slice(0, -2)}`), 'invalid_link', path)
  }
  assert.equal(await code(`/bookings/${other.id}/tickets.pdf?token=${token}`), 'invalid_link')
  assert.equal(await code(`/tickets/${await aTicketOf(deps, other.id)}/pdf?token=${token}`), 'invalid_link')
  assert.equal(await code(`/tickets/999999999/pdf?token=${token}`), 'invalid_link')

  const { body } = await customer.call('POST', `/api/v2/tickets/${ticket}/links`)
  const ticketToken = new URL(body.url).searchParams.get('token')!
  assert.equal((await get(`/tickets/${ticket}/pdf?token=${ticketToken}`)).statusCode, 200)
  assert.equal(await code(`/bookings/${booking.id}/tickets.pdf?token=${ticketToken}`), 'invalid_link')
})

test('a link that has expired opens nothing', async () => {
  const { id } = await bookingOf()
  const token = await signLink(deps.signer, { purpose: 'booking', id }, new Date(Date.now() - 1_000))
  assert.equal(await code(`/bookings/${id}/tickets.pdf?token=${token}`), 'invalid_link')
})

test(
  'a ticket that was handed over is its new holder’s, and no more its customer’s',
  { skip: withoutPoppler },
  async () => {
    const { id } = await bookingOf(2)
    const ticket = await aTicketOf(deps, id)
    const [old, ofBooking] = await Promise.all([
      signLink(deps.signer, { purpose: 'ticket', id: ticket, version: 1 }, far),
      signLink(deps.signer, { purpose: 'booking', id }, far),
    ])
    await setTicket(ticket, { version: 2, holder_email: 'ani@example.com' })
    const path = `/tickets/${ticket}/pdf`
    assert.equal(await code(`${path}?token=${old}`), 'invalid_link')
    assert.equal(await code(`${path}?token=${ofBooking}`), 'invalid_link')
    assert.equal(await code(path, customer.headers), 'forbidden')
    assert.equal((await customer.call('POST', `/api/v2/tickets/${ticket}/links`)).body.code, 'forbidden')
    const theirs = await signLink(deps.signer, { purpose: 'ticket', id: ticket, version: 2 }, far)
    assert.equal((await get(`${path}?token=${theirs}`)).statusCode, 200)
    assert.equal((await get(path, organizer.headers)).statusCode, 200)
    const pages = async (headers: Record<string, string>, query = '') =>
      pagesOf((await get(`/bookings/${id}/tickets.pdf${query}`, headers)).rawPayload)
    assert.deepEqual(
      [await pages(customer.headers), await pages({}, `?token=${ofBooking}`), await pages(organizer.headers)],
      [1, 1, 2],
    )
  },
)

test('void tickets are not printed', { skip: withoutPoppler }, async () => {
  const { id } = await bookingOf(2)
  const ticket = await aTicketOf(deps, id)
  await setTicket(ticket, { status: 'void' })
  assert.equal(await code(`/tickets/${ticket}/qr.svg`, customer.headers), 'ticket_void')
  assert.equal(await code(`/tickets/${ticket}/pdf`, customer.headers), 'ticket_void')
  assert.equal(pagesOf((await get(`/bookings/${id}/tickets.pdf`, customer.headers)).rawPayload), 1)
  await inTransaction(deps.database, (tx) =>
    tx.updateTable('ticket').set({ status: 'void' }).where('booking_id', '=', id).execute(),
  )
  assert.equal(await code(`/bookings/${id}/tickets.pdf`, customer.headers), 'ticket_void')
})

test('an event is a calendar entry for everyone', async () => {
  const answer = await call('GET', `/api/v2/events/${event.id}/event.ics`)
  assert.equal(answer.headers['content-type'], 'text/calendar; charset=utf-8')
  assert.equal(answer.headers['content-disposition'], `attachment; filename="event-${event.id}.ics"`)
  assert.match(answer.text, /^BEGIN:VCALENDAR\r\n/)
  assert.match(answer.text, /\r\nSUMMARY:Konser\r\n/)
})
