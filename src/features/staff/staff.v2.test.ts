import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { countMails, passwordToken } from '../../../test/support/links.ts'
import { people } from '../../../test/support/people.ts'

const started = await startApp({}, { auth: 'on' })
const { call } = started
const { aBooking, anEvent } = factories(started.deps)
const { signedIn, signIn } = people(started)
const organizer = await signedIn('organizer')
const event = await anEvent({ organizer_id: organizer.id })
const other = await anEvent({ organizer_id: organizer.id })
await aBooking({ event_id: event.id, quantity: 2 })
const foreign = await aBooking({ event_id: other.id })
const invitations = (email: string) => countMails(started.deps, email, 'staff_invitation')
const staff = `/api/v2/events/${event.id}/staff`

let count = 0
async function hired() {
  const email = `door.${++count}@example.com`
  const { status, body } = await organizer.call('POST', staff, { email, name: 'Door' })
  assert.equal(status, 201)
  assert.equal(await invitations(email), 1)
  const token = await passwordToken(started.deps, email)
  const accepted = await call('POST', '/api/v2/auth/reset', { token, new_password: 'door-password' })
  assert.equal(accepted.status, 204)
  return signIn(body.user_id, email, 'door-password')
}

test('who is invited gets a link, chooses a password and works at that event alone', async () => {
  const member = await hired()
  const seen = (await member.call('GET', '/api/v2/tickets')).body.items
  assert.deepEqual(
    seen.map((ticket: { event_id: number }) => ticket.event_id),
    [event.id, event.id],
  )
  assert.deepEqual((await member.call('GET', `/api/v2/tickets?event_id=${other.id}`)).body.items, [])
  const used = await member.call('POST', `/api/v2/tickets/${seen[0].id}/use`)
  assert.deepEqual([used.status, used.body.status], [200, 'used'])

  const theirs = (await organizer.call('GET', `/api/v2/tickets?booking_id=${foreign.id}`)).body.items[0].id
  assert.equal((await member.call('GET', `/api/v2/tickets/${theirs}`)).body.code, 'ticket_not_found')
  assert.equal((await member.call('POST', `/api/v2/tickets/${theirs}/use`)).body.code, 'ticket_not_found')
  for (const [method, path] of [
    ['GET', '/api/v2/bookings'],
    ['GET', staff],
    ['GET', '/api/v2/audit-entries'],
    ['POST', '/api/v2/api-keys'],
    ['DELETE', `/api/v2/events/${event.id}`],
  ] as const) {
    assert.equal((await member.call(method, path)).body.code, 'forbidden', path)
  }
})

test('who is removed has no tickets, at once', async () => {
  const member = await hired()
  const [ticket] = (await member.call('GET', '/api/v2/tickets')).body.items
  assert.equal((await organizer.call('DELETE', `${staff}/${member.id}`)).status, 204)
  assert.deepEqual((await member.call('GET', '/api/v2/tickets')).body.items, [])
  assert.equal((await member.call('GET', `/api/v2/tickets/${ticket.id}`)).body.code, 'ticket_not_found')
  assert.equal((await member.call('POST', `/api/v2/tickets/${ticket.id}/use`)).body.code, 'ticket_not_found')
  assert.equal((await organizer.call('DELETE', `${staff}/${member.id}`)).body.code, 'staff_not_found')
})

test('who is staff already works at one event more, without another link', async () => {
  const member = await hired()
  const path = `/api/v2/events/${other.id}/staff`
  const { status, body } = await organizer.call('POST', path, { email: member.email.toUpperCase(), name: 'X' })
  assert.deepEqual([status, body.user_id, await invitations(member.email)], [201, member.id, 1])
  assert.equal((await member.call('GET', '/api/v2/tickets')).body.items.length, 3)
})

test('an invitation that is sent again with its key is made once', async () => {
  const key = { 'idempotency-key': 'invite' }
  const invite = (name: string) => organizer.call('POST', staff, { email: 'once@example.com', name }, key)
  const first = await invite('Once')
  const again = await invite('Once')
  assert.deepEqual([again.body, again.headers['idempotency-replayed']], [first.body, 'true'])
  assert.equal(await invitations('once@example.com'), 1)
  assert.equal((await invite('Twice')).body.code, 'idempotency_key_reused')
})

test('neither strangers invite, nor are those invited who have other accounts', async () => {
  const stranger = await signedIn('organizer')
  const invitation = { email: 'new@example.com', name: 'New' }
  assert.equal((await stranger.call('POST', staff, invitation)).body.code, 'not_own_event')
  assert.equal((await stranger.call('GET', staff)).body.code, 'not_own_event')
  assert.equal((await stranger.call('DELETE', `${staff}/1`)).body.code, 'not_own_event')
  const { status, body } = await organizer.call('POST', staff, { email: stranger.email, name: 'X' })
  assert.deepEqual([status, body.code], [409, 'staff_role_taken'])
})

test('the members of an event are listed in pages', async () => {
  const seen: number[] = []
  let path: string | undefined = `${staff}?limit=1`
  while (path) {
    const { headers, body } = await organizer.call('GET', path)
    for (const { user_id } of body.items) seen.push(user_id)
    path = /^<(.+)>; rel="next"$/.exec((headers['link'] as string | undefined) ?? '')?.[1]
  }
  const whole = (await organizer.call('GET', staff)).body
  assert.ok(seen.length >= 3 && whole.next_cursor === null)
  assert.deepEqual(
    whole.items.map(({ user_id }: { user_id: number }) => user_id),
    seen,
  )
})
