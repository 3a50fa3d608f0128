import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { signLink } from '../../src/features/signatures/link-token.ts'
import { assertBooksBalance } from '../support/books.ts'
import { testDeps } from '../support/deps.ts'
import { raceGround } from './race-ground.ts'

const { make, database, call, post, close } = await raceGround()
after(close)
const deps = testDeps(database)
const rounds = 8

const ticketOf = (id: number) =>
  database.db.selectFrom('ticket').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const mailsOf = async (id: number) =>
  (await database.db.selectFrom('mail').select('kind').where('ticket_id', '=', id).orderBy('id').execute()).map(
    ({ kind }) => kind,
  )
const seatsOf = async (id: number) =>
  (await database.db.selectFrom('event').select('available_seat').where('id', '=', id).executeTakeFirstOrThrow())
    .available_seat

/** A ticket that is offered, and the calls that somebody may make about it at the same moment. */
async function offered() {
  const { id: booking, event_id } = await make.aBooking()
  const { body } = await call(0, 'GET', `/api/v2/bookings/${booking}/tickets`)
  const ticket = body.items[0].id as number
  const offer = await post(0, `/api/v2/tickets/${ticket}/transfers`, { email: 'budi@example.com' })
  const id = offer.body.id as number
  const until = new Date(Date.now() + 60_000)
  const token = await signLink(deps.signer, { purpose: 'transfer', id }, until)
  return {
    ticket,
    event_id,
    before: await ticketOf(ticket),
    seats: await seatsOf(event_id),
    accept: (n: number) => post(n, `/api/v2/transfers/${id}/acceptance`, { token, holder_name: `Budi ${n}` }),
    withdraw: (n: number) => call(n, 'POST', `/api/v2/transfers/${id}/withdrawal`),
    offerAgain: (n: number) => post(n, `/api/v2/tickets/${ticket}/transfers`, { email: `citra.${n}@example.com` }),
    cancel: (n: number) => post(n, `/api/v2/bookings/${booking}/cancellation`, {}),
    use: (n: number) => call(n, 'PUT', `/tickets/${ticket}/use`),
  }
}

const codeOf = ({ body }: { body: { code?: string } }) => body.code
const handedOver = ['ticket_offered', 'ticket_received', 'ticket_handed_over']

test('of many acceptances of one offer, one hands the ticket over, and the others are told of it', async () => {
  for (let round = 0; round < rounds; round++) {
    const { ticket, event_id, before, seats, accept } = await offered()
    const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => accept(n)))
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
    assert.equal(new Set(answers.map(({ body }) => body.ticket_token)).size, 1)
    const ticketNow = await ticketOf(ticket)
    assert.equal(ticketNow.version, 2)
    assert.notEqual(ticketNow.ticket_code, before.ticket_code)
    assert.equal(await seatsOf(event_id), seats)
    assert.deepEqual(await mailsOf(ticket), handedOver)
  }
})

test('an offer is accepted or withdrawn, never both', async () => {
  for (let round = 0; round < rounds; round++) {
    const { ticket, accept, withdraw } = await offered()
    const [accepted, withdrawn] = await Promise.all([accept(round), withdraw(round + 1)])
    assert.deepEqual(new Set([accepted.status, withdrawn.status]), new Set([200, 409]))
    assert.equal(codeOf(accepted.status === 200 ? withdrawn : accepted), 'transfer_closed')
    assert.equal((await ticketOf(ticket)).version, accepted.status === 200 ? 2 : 1)
  }
})

test('of many offers of one ticket made at once, one is open', async () => {
  const { ticket, offerAgain } = await offered()
  const answers = await Promise.all(Array.from({ length: 8 }, (_, n) => offerAgain(n)))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]))
  const open = await database.db
    .selectFrom('ticket_transfer')
    .select('id')
    .where('ticket_id', '=', ticket)
    .where('status', '=', 'offered')
    .execute()
  assert.equal(open.length, 1)
})

test('a ticket that is cancelled while it is accepted is void, whoever has it, and its seat goes back once', async () => {
  for (let round = 0; round < rounds; round++) {
    const { ticket, event_id, seats, accept, cancel } = await offered()
    const [accepted, cancelled] = await Promise.all([accept(round), cancel(round + 1)])
    assert.equal(cancelled.status, 200)
    if (accepted.status !== 200) assert.equal(codeOf(accepted), 'ticket_void')
    const { status, version } = await ticketOf(ticket)
    assert.deepEqual([status, version], ['void', accepted.status === 200 ? 2 : 1])
    assert.equal(await seatsOf(event_id), seats + 1)
    assert.deepEqual(
      await mailsOf(ticket),
      accepted.status === 200 ? [...handedOver, 'booking_cancelled'] : ['ticket_offered'],
    )
  }
})

test('a ticket that is used while it is accepted was used before, or is its new holder’s', async () => {
  for (let round = 0; round < rounds; round++) {
    const { ticket, accept, use } = await offered()
    const [accepted, used] = await Promise.all([accept(round), use(round + 1)])
    assert.equal(used.status, 200)
    const { status, version, holder_name } = await ticketOf(ticket)
    assert.equal(status, 'used')
    if (accepted.status === 200) assert.deepEqual([version, holder_name], [2, `Budi ${round}`])
    else assert.deepEqual([codeOf(accepted), version], ['ticket_already_used', 1])
    assert.equal(used.body.data.ticket_code, (await ticketOf(ticket)).ticket_code)
  }
  await assertBooksBalance(database.db)
})
