import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { assertBooksBalance } from '../../../test/support/books.ts'
import { factories } from '../../../test/support/factories.ts'
import { forged } from '../../../test/support/forged.ts'
import { people } from '../../../test/support/people.ts'
import { putAtDoors } from '../../../test/support/access-ground.ts'
import { signLink, type LinkPurpose } from '../signatures/link-token.ts'
import { readTicketToken, signTicket } from '../signatures/ticket-token.ts'

const day_ms = 24 * 60 * 60 * 1_000
let now = new Date()
const codes: string[] = []
let draws = 0
const newCode = () => codes.shift() ?? `C${String(++draws).padStart(7, '0')}`
const started = await startApp({ now: () => now, newCode }, { auth: 'on' })
const { call, deps } = started
const { db } = deps.database
const { aBooking, anEvent } = factories(deps)
const { signedIn } = people(started)
const organizer = await signedIn('organizer')
const customer = await signedIn('customer')
const stranger = await signedIn('customer')
const staff = await signedIn('staff')
const admin = await signedIn('admin')
const event = await anEvent({ organizer_id: organizer.id, capacity: 1_000, price: 0 })
await putAtDoors(deps, event.id, staff.id)

const ticketOf = (id: number) => db.selectFrom('ticket').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
async function aTicket(): Promise<number> {
  const { id } = await aBooking({ event_id: event.id, customer_id: customer.id })
  const { body } = await customer.call('GET', `/api/v2/bookings/${id}/tickets`)
  return body.items[0].id
}
const tokenOf = (purpose: LinkPurpose, id: number, version?: number) =>
  signLink(deps.signer, { purpose, id, ...(version && { version }) }, new Date(now.getTime() + day_ms))
/** The link to a ticket, as its holder has it. */
const holds = async (id: number) => `?token=${await tokenOf('ticket', id, (await ticketOf(id)).version)}`
const offer = async (ticket: number, email = 'budi@example.com', who: { call: typeof call } = customer) =>
  who.call('POST', `/api/v2/tickets/${ticket}/transfers`, { email, language: 'id' })
const accept = async (id: number, holder_name = 'Budi', token?: string) =>
  call('POST', `/api/v2/transfers/${id}/acceptance`, { token: token ?? (await tokenOf('transfer', id)), holder_name })
const refuse = async (id: number) =>
  call('POST', `/api/v2/transfers/${id}/refusal`, { token: await tokenOf('transfer', id) })
const withdraw = (id: number, who: { call: typeof call } = customer, query = '') =>
  who.call('POST', `/api/v2/transfers/${id}/withdrawal${query}`)
const rename = (id: number, who: { call: typeof call } = customer, query = '', holder_name: unknown = 'Citra') =>
  who.call('PATCH', `/api/v2/tickets/${id}${query}`, { holder_name })
const told = ({ status, body }: { status: number; body: { code?: string } }) => [status, body.code]
async function handedOver(): Promise<{ ticket: number; transfer: number; token: string }> {
  const ticket = await aTicket()
  const { id } = (await offer(ticket)).body
  const { status, body } = await accept(id)
  assert.equal(status, 200)
  return { ticket, transfer: id, token: body.ticket_token }
}
/** The same for an event of its own, with some of its fields otherwise. */
async function withEvent(values: object, work: () => Promise<void>): Promise<void> {
  const before = await db.selectFrom('event').selectAll().where('id', '=', event.id).executeTakeFirstOrThrow()
  const set = async (fields: object) => {
    await deps.database.writer.updateTable('event').set(fields).where('id', '=', event.id).execute()
  }
  await set(values)
  const { date, names_until_hours, cancelled_at } = before
  try {
    await work()
  } finally {
    await set({ date, names_until_hours, cancelled_at })
  }
}

test('a ticket that is handed over has another holder, code and version, and keeps its seat', async () => {
  const ticket = await aTicket()
  const before = await ticketOf(ticket)
  const oldToken = (await readTicketToken(deps.signer, await signTicket(deps.signer, before)))!
  const offered = await offer(ticket, 'Budi.u@example.com')
  assert.equal(offered.status, 201)
  assert.deepEqual(
    [offered.body.status, offered.body.email, offered.body.language, offered.body.ticket_id],
    ['offered', 'Budi.u@example.com', 'id', ticket],
  )
  const accepted = await accept(offered.body.id, '部'.repeat(100))
  assert.deepEqual([accepted.status, accepted.body.status], [200, 'accepted'])

  const after = await ticketOf(ticket)
  assert.deepEqual(
    [after.version, after.holder_name, after.holder_email, after.holder_language, after.left_at],
    [2, '部'.repeat(100), 'Budi.u@example.com', 'id', null],
  )
  assert.deepEqual(
    [after.booking_id, after.customer_id, after.status],
    [before.booking_id, before.customer_id, 'unused'],
  )
  assert.notEqual(after.ticket_code, before.ticket_code)
  const byCode = async (code: string) =>
    (await db.selectFrom('ticket').select('id').where('ticket_code', '=', code).executeTakeFirst())?.id
  assert.equal(await byCode(before.ticket_code), undefined)
  assert.equal(await byCode(after.ticket_code), ticket)
  assert.notEqual(oldToken.version, after.version)
  assert.equal((await readTicketToken(deps.signer, await signTicket(deps.signer, after)))!.version, after.version)
  await assertBooksBalance(db)
})

test('each is mailed once, and no mail holds a token', async () => {
  const ticket = await aTicket()
  const { id } = (await offer(ticket)).body
  const token = await tokenOf('transfer', id)
  await Promise.all([accept(id, 'Budi', token), accept(id, 'Budi', token)])
  const mails = await db.selectFrom('mail').selectAll().where('ticket_id', '=', ticket).orderBy('id').execute()
  assert.deepEqual(
    mails.map(({ kind, email, user_id, event_id, organizer_id }) => [kind, email, user_id, event_id, organizer_id]),
    [
      ['ticket_offered', 'budi@example.com', null, event.id, organizer.id],
      ['ticket_received', 'budi@example.com', null, event.id, organizer.id],
      ['ticket_handed_over', null, customer.id, event.id, organizer.id],
    ],
  )
  assert.deepEqual(
    mails.map(({ details }) => JSON.parse(details)),
    [{ transfer_id: id, language: 'id' }, { transfer_id: id, language: 'id' }, { transfer_id: id }],
  )
  assert.ok(mails.every((mail) => !JSON.stringify(mail).includes(token)))
})

test('accepting again answers the same, also under another name, and changes nothing', async () => {
  const { ticket, transfer, token } = await handedOver()
  const before = await ticketOf(ticket)
  const again = await accept(transfer, 'Somebody else')
  assert.deepEqual([again.status, again.body.status, again.body.ticket_token], [200, 'accepted', token])
  assert.deepEqual(await ticketOf(ticket), before)
})

test('who accepted gets a link that renames, offers and withdraws', async () => {
  const { ticket, token } = await handedOver()
  const renamed = await rename(ticket, { call }, `?token=${token}`)
  assert.deepEqual([renamed.status, renamed.body.holder_name, renamed.body.holder_email], [200, 'Citra', undefined])
  const onward = await call('POST', `/api/v2/tickets/${ticket}/transfers?token=${token}`, { email: 'c@example.com' })
  assert.deepEqual([onward.status, onward.body.email, onward.body.language], [201, 'c@example.com', 'en'])
  assert.equal((await withdraw(onward.body.id)).body.code, 'transfer_not_found', 'not by the customer')
  const { items } = (await customer.call('GET', `/api/v2/tickets/${ticket}/transfers`)).body
  assert.deepEqual(
    items.map(({ email, status }: { email: string; status: string }) => [email, status]),
    [
      [null, 'offered'],
      ['budi@example.com', 'accepted'],
    ],
  )
  const seen = await organizer.call('GET', `/api/v2/tickets/${ticket}/transfers`)
  assert.equal(seen.body.items[0].email, 'c@example.com')
  assert.equal((await withdraw(onward.body.id, { call }, `?token=${token}`)).body.status, 'withdrawn')

  const last = await call('POST', `/api/v2/tickets/${ticket}/transfers?token=${token}`, { email: 'd@example.com' })
  assert.equal((await accept(last.body.id, 'Dewi')).status, 200)
  for (const answer of [
    await rename(ticket, { call }, `?token=${token}`),
    await call('POST', `/api/v2/tickets/${ticket}/transfers?token=${token}`, { email: 'e@example.com' }),
  ]) {
    assert.deepEqual(told(answer), [403, 'invalid_link'], 'the link from before is dead')
  }
  assert.equal((await ticketOf(ticket)).holder_name, 'Dewi')
})

test('the giver sees the ticket, and not its code', async () => {
  const { ticket } = await handedOver()
  const { ticket_code, booking_id } = await ticketOf(ticket)
  const pages = [
    `/tickets/${ticket}`,
    `/tickets?booking_id=${booking_id}`,
    `/bookings/${booking_id}`,
    `/api/v2/tickets/${ticket}`,
    `/api/v2/tickets?booking_id=${booking_id}`,
    `/api/v2/bookings/${booking_id}/tickets`,
    `/api/v2/users/${customer.id}/export`,
  ]
  for (const page of pages) {
    const { status, text } = await customer.call('GET', page)
    assert.equal(status, 200, page)
    assert.ok(text.includes('"ticket_code":""'), page)
    assert.ok(!text.includes(ticket_code), page)
    if (!page.endsWith('/export')) assert.ok(!text.includes('budi@example.com'), page)
  }
  for (const page of pages.slice(0, -1)) {
    assert.ok((await organizer.call('GET', page)).text.includes(`"ticket_code":"${ticket_code}"`), page)
  }
  const own = (await customer.call('GET', `/api/v2/tickets/${ticket}`)).body
  assert.deepEqual([own.handed_over, own.version, 'holder_email' in own, own.holder_name], [true, 2, false, 'Budi'])
  const atDoor = (await staff.call('GET', `/api/v2/tickets/${ticket}`)).body
  assert.deepEqual([atDoor.ticket_code, 'holder_email' in atDoor], [ticket_code, false])
  for (const who of [organizer, admin]) {
    assert.equal((await who.call('GET', `/api/v2/tickets/${ticket}`)).body.holder_email, 'budi@example.com')
  }
})

test('who asks for the same list at the same time is not shown what is another’s', async () => {
  const { ticket } = await handedOver()
  const { ticket_code } = await ticketOf(ticket)
  const path = `/tickets?customer_id=${customer.id}&limit=200`
  const [own, all] = await Promise.all([customer.call('GET', path), admin.call('GET', path)])
  assert.ok(!own.text.includes(ticket_code) && all.text.includes(ticket_code))
})

test('an offer says what is offered and by whom, and not the code', async () => {
  const ticket = await aTicket()
  const { id } = (await offer(ticket)).body
  const token = await tokenOf('transfer', id)
  const { status, body, text } = await call('GET', `/api/v2/transfers/${id}?token=${token}`)
  assert.equal(status, 200)
  assert.deepEqual([body.status, body.event.title, body.event.id], ['offered', 'Konser', event.id])
  assert.match(body.from, /^customer \d+$/)
  assert.ok(!text.includes((await ticketOf(ticket)).ticket_code))
  await customer.call('POST', `/api/v2/bookings/${(await ticketOf(ticket)).booking_id}/cancellation`, {})
  await organizer.call('POST', `/api/v2/bookings/${(await ticketOf(ticket)).booking_id}/cancellation`, {})
  assert.equal((await call('GET', `/api/v2/transfers/${id}?token=${token}`)).body.status, 'withdrawn')
})

test('a link opens what it was made for, and nothing else', async () => {
  const ticket = await aTicket()
  const { id } = (await offer(ticket)).body
  const other = (await offer(await aTicket())).body.id
  const altered = forged(await tokenOf('transfer', id))
  const wrong = [await tokenOf('transfer', other), await tokenOf('ticket', id, 1), altered, 'nothing']
  for (const token of wrong) {
    const body = { token, holder_name: 'Eve' }
    assert.deepEqual(told(await call('GET', `/api/v2/transfers/${id}?token=${token}`)), [403, 'invalid_link'])
    assert.deepEqual(told(await call('POST', `/api/v2/transfers/${id}/acceptance`, body)), [403, 'invalid_link'])
    assert.deepEqual(told(await call('POST', `/api/v2/transfers/${id}/refusal`, { token })), [403, 'invalid_link'])
  }
  for (const token of [await tokenOf('transfer', ticket), await tokenOf('ticket', ticket), altered]) {
    assert.deepEqual(told(await rename(ticket, { call }, `?token=${token}`)), [403, 'invalid_link'])
    assert.deepEqual(told(await withdraw(id, { call }, `?token=${token}`)), [403, 'invalid_link'])
  }
  assert.equal((await ticketOf(ticket)).version, 1)
  const gone = await tokenOf('transfer', 999_999)
  for (const answer of [
    await call('GET', `/api/v2/transfers/999999?token=${gone}`),
    await accept(999_999),
    await refuse(999_999),
    await withdraw(999_999),
  ]) {
    assert.deepEqual(told(answer), [404, 'transfer_not_found'])
  }
})

test('one offer of a ticket is open: another withdraws it', async () => {
  const ticket = await aTicket()
  const first = (await offer(ticket)).body.id
  const second = (await offer(ticket, 'citra@example.com')).body.id
  assert.deepEqual(told(await accept(first)), [409, 'transfer_closed'])
  assert.deepEqual(told(await refuse(first)), [409, 'transfer_closed'])
  assert.equal((await accept(second)).status, 200)
  assert.deepEqual(told(await withdraw(second)), [409, 'transfer_closed'])
})

test('what is declined or withdrawn stays so, and says so again', async () => {
  const ticket = await aTicket()
  const declined = (await offer(ticket)).body.id
  for (let time = 0; time < 2; time++) assert.equal((await refuse(declined)).body.status, 'declined')
  assert.deepEqual(told(await accept(declined)), [409, 'transfer_closed'])
  const withdrawn = (await offer(ticket)).body.id
  assert.deepEqual(told(await withdraw(withdrawn, stranger)), [404, 'transfer_not_found'])
  assert.deepEqual(told(await withdraw(withdrawn, staff)), [403, 'forbidden'])
  for (const who of [organizer, customer]) assert.equal((await withdraw(withdrawn, who)).body.status, 'withdrawn')
  assert.deepEqual(told(await accept(withdrawn)), [409, 'transfer_closed'])
  assert.equal((await ticketOf(ticket)).version, 1)
})

test('an offer ends after a week', async () => {
  const ticket = await aTicket()
  const { id, expires_at } = (await offer(ticket)).body
  assert.equal(Date.parse(expires_at), Math.floor((now.getTime() + 7 * day_ms) / 1_000) * 1_000)
  const token = await signLink(deps.signer, { purpose: 'transfer', id }, new Date(now.getTime() + 30 * day_ms))
  const began = now
  now = new Date(now.getTime() + 7 * day_ms)
  try {
    const read = await call('GET', `/api/v2/transfers/${id}?token=${token}`)
    assert.equal(read.body.status, 'expired')
    assert.deepEqual(told(await accept(id, 'Budi', token)), [409, 'transfer_closed'])
  } finally {
    now = began
  }
})

test('names close at their hour: for customers and holders, not for the organizer', async () => {
  const { ticket } = await handedOver()
  const own = await aTicket()
  const { id } = (await offer(own)).body
  const inHours = (hours: number) =>
    new Date(now.getTime() + hours * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
  for (const closed of [
    { date: inHours(5), names_until_hours: 6 },
    { date: inHours(-1), names_until_hours: 0 },
    { names_until_hours: null },
  ]) {
    await withEvent(closed, async () => {
      for (const answer of [
        await rename(own),
        await rename(ticket, { call }, await holds(ticket)),
        await offer(own),
        await accept(id),
      ]) {
        assert.deepEqual(told(answer), [409, 'names_closed'], JSON.stringify(closed))
      }
      assert.equal((await rename(ticket, organizer)).status, 200)
    })
  }
  await withEvent({ date: inHours(7), names_until_hours: 6 }, async () => {
    const { body } = await offer(own)
    assert.equal(Date.parse(body.expires_at), Math.floor((now.getTime() + 3_600_000) / 1_000) * 1_000)
    assert.equal((await rename(own)).status, 200)
    assert.equal((await accept(body.id)).status, 200)
  })
})

test('nothing is done with a ticket that is used or void, or of an event that was cancelled', async () => {
  for (const [status, code, http] of [
    ['used', 'ticket_already_used', 400],
    ['void', 'ticket_void', 409],
  ] as const) {
    const ticket = await aTicket()
    const { id } = (await offer(ticket)).body
    const { booking_id } = await ticketOf(ticket)
    if (status === 'used') await staff.call('PUT', `/tickets/${ticket}/use`)
    else await organizer.call('POST', `/api/v2/bookings/${booking_id}/cancellation`, {})
    for (const answer of [
      await rename(ticket),
      await rename(ticket, organizer),
      await offer(ticket),
      await accept(id),
    ]) {
      assert.deepEqual(told(answer), [http, code])
    }
    assert.equal((await ticketOf(ticket)).version, 1)
  }
  const ticket = await aTicket()
  const { id } = (await offer(ticket)).body
  await withEvent({ cancelled_at: '2026-01-01 00:00:00' }, async () => {
    for (const answer of [await offer(ticket), await accept(id)]) {
      assert.deepEqual(told(answer), [409, 'event_already_cancelled'])
    }
  })
})

test('a ticket is renamed and offered by whose it is', async () => {
  const ticket = await aTicket()
  for (const [who, refusal] of [
    [{ call }, [401, 'not_signed_in']],
    [stranger, [404, 'ticket_not_found']],
    [staff, [403, 'forbidden']],
  ] as const) {
    assert.deepEqual(told(await rename(ticket, who)), refusal)
    assert.deepEqual(told(await offer(ticket, 'x@example.com', who)), refusal)
  }
  assert.deepEqual(told(await offer(ticket, 'x@example.com', organizer)), [404, 'ticket_not_found'])
  assert.equal((await rename(ticket, customer, '', '字'.repeat(100))).body.holder_name, '字'.repeat(100))
  assert.equal((await rename(ticket, organizer)).status, 200)
  const handed = await handedOver()
  assert.deepEqual(told(await rename(handed.ticket)), [409, 'ticket_handed_over'])
  assert.deepEqual(told(await offer(handed.ticket)), [409, 'ticket_handed_over'])
  const history = await db
    .selectFrom('audit_entry')
    .select(['action', 'actor_id', 'organizer_id'])
    .where('entity', '=', 'ticket')
    .where('entity_id', '=', ticket)
    .orderBy('id')
    .execute()
  assert.deepEqual(
    history.map(({ action, actor_id }) => [action, actor_id]),
    [
      ['ticket_holder_renamed', customer.id],
      ['ticket_holder_renamed', organizer.id],
    ],
  )
})

test('names and addresses are held against the same rules as in an account', async () => {
  const ticket = await aTicket()
  for (const name of ['', '  ', 'x'.repeat(101), 7, null]) {
    assert.equal((await rename(ticket, customer, '', name)).status, 400, String(name))
  }
  for (const email of ['', 'nobody', 'a b@example.com', `${'x'.repeat(100)}@example.com`, null]) {
    const { status } = await customer.call('POST', `/api/v2/tickets/${ticket}/transfers`, { email })
    assert.equal(status, 400, String(email))
  }
  const { id } = (await offer(ticket)).body
  const token = await tokenOf('transfer', id)
  assert.equal((await call('POST', `/api/v2/transfers/${id}/acceptance`, { token, holder_name: ' ' })).status, 400)
})

test('a ticket is offered twenty times at most', async () => {
  const ticket = await aTicket()
  for (let time = 0; time < 20; time++) assert.equal((await offer(ticket)).status, 201)
  assert.deepEqual(told(await offer(ticket)), [409, 'too_many_transfers'])
})

test('a code that clashes is drawn again', async () => {
  const taken = (await ticketOf(await aTicket())).ticket_code
  const ticket = await aTicket()
  const { id } = (await offer(ticket)).body
  codes.push(taken, taken, 'FRESH777')
  assert.equal((await accept(id)).status, 200)
  assert.equal((await ticketOf(ticket)).ticket_code, 'FRESH777')
  const other = (await offer(await aTicket())).body.id
  codes.push(...Array<string>(50).fill(taken))
  assert.deepEqual(told(await accept(other)), [503, 'server_busy'])
  codes.length = 0
  assert.equal((await accept(other)).status, 200)
})

test('its customer may still cancel what was handed over, and erasing them leaves it good', async () => {
  const giver = await signedIn('customer')
  const { id: booking } = await aBooking({ event_id: event.id, customer_id: giver.id, quantity: 3 })
  const { items } = (await giver.call('GET', `/api/v2/bookings/${booking}/tickets`)).body
  const [given, offered, kept] = items.map(({ id }: { id: number }) => id) as [number, number, number]
  assert.equal((await accept((await offer(given, 'budi@example.com', giver)).body.id)).status, 200)
  const open = (await offer(offered, 'citra@example.com', giver)).body.id
  const exported = (await giver.call('GET', `/api/v2/users/${giver.id}/export`)).body
  assert.deepEqual(
    exported.transfers.map(({ email }: { email: string }) => email),
    ['budi@example.com', 'citra@example.com'],
  )
  assert.equal((await giver.call('POST', `/api/v2/users/${giver.id}/erasure`)).status, 204)
  const ticket = await ticketOf(given)
  assert.deepEqual([ticket.holder_name, ticket.holder_email, ticket.status], ['Budi', 'budi@example.com', 'unused'])
  assert.equal((await ticketOf(kept)).holder_name, 'Erased')
  assert.deepEqual(told(await accept(open)), [409, 'transfer_closed'])
  const transfers = await db.selectFrom('ticket_transfer').select('email').where('customer_id', '=', giver.id).execute()
  assert.deepEqual(new Set(transfers.map(({ email }) => email)), new Set(['erased@invalid']))
  assert.equal((await rename(given, { call }, await holds(given))).status, 200)

  const { ticket: other } = await handedOver()
  const { booking_id } = await ticketOf(other)
  await deps.database.writer.updateTable('event').set({ cancel_until_hours: 0 }).where('id', '=', event.id).execute()
  const cancelled = await customer.call('POST', `/api/v2/bookings/${booking_id}/cancellation`, { ticket_ids: [other] })
  assert.deepEqual([cancelled.status, (await ticketOf(other)).status], [200, 'void'])
  await assertBooksBalance(db)
})
