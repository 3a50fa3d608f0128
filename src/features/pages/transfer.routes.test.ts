import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { clock } from '../../../test/support/selling.ts'
import { inTransaction } from '../../db/transaction.ts'
import { system } from '../../lib/caller.ts'
import { signLink, type Link } from '../signatures/link-token.ts'
import { linkUntil, type Page } from '../signatures/page-links.ts'
import { offerTransfer } from '../transfers/offer-transfer.ts'

const time = clock()
const { app, deps } = await startApp({ now: time.now }, { auth: 'on' })
const make = factories(deps)

const tokenOf = (link: Link, until = linkUntil({ date: '2999-12-31 19:00:00', ends_at: null })) =>
  signLink(deps.signer, link, until)
const show = (url: string) => app.inject({ url })
const open = (page: Page, token: string, more = '') => show(`/go/${page}?token=${token}${more}`)
const send = (path: string, fields: Record<string, string>) =>
  app.inject({
    method: 'POST',
    url: `/go/${path}`,
    payload: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
const theTicket = (id: number) =>
  deps.database.db.selectFrom('ticket').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

/** A ticket that its customer offers to somebody who reads Indonesian. */
async function anOffer() {
  const event = await make.anEvent()
  const booking = await make.aBooking({ event_id: event.id })
  const ticket = await deps.database.db
    .selectFrom('ticket')
    .selectAll()
    .where('booking_id', '=', booking.id)
    .executeTakeFirstOrThrow()
  const to = { email: 'citra@example.com', language: 'id' } as const
  const { id } = await offerTransfer(deps, system, ticket.id, to)
  return { id, event, ticket, token: await tokenOf({ purpose: 'transfer', id }) }
}

test('who is offered a ticket accepts it, holds it, renames it, and the old one is dead', async () => {
  const { event, ticket, token } = await anOffer()
  const mine = await tokenOf({ purpose: 'ticket', id: ticket.id, version: ticket.version })
  const ticketPage = (await open('ticket', mine)).body
  assert.match(ticketPage, /class="qr"/)
  assert.ok(ticketPage.includes(`href="/api/v2/events/${ticket.event_id}/event.ics"`))

  const offer = await open('transfer', token)
  assert.equal(offer.statusCode, 200)
  assert.match(offer.body, /Tiket untuk Anda/)
  assert.ok(!offer.body.includes(ticket.ticket_code))
  assert.doesNotMatch(offer.body, /class="qr"/)

  const accepted = await send('transfer/acceptance', { token, holder_name: 'Citra', lang: 'en' })
  assert.equal(accepted.statusCode, 303)
  const page = await show(accepted.headers.location!)
  assert.equal(page.statusCode, 200)
  assert.match(page.body, /<h3>Citra<\/h3>/)
  assert.match(page.body, /class="qr"/)
  const now = await theTicket(ticket.id)
  assert.deepEqual([now.version, now.holder_name], [ticket.version + 1, 'Citra'])
  assert.ok(page.body.includes(now.ticket_code))

  const old = await open('ticket', mine)
  assert.equal(old.statusCode, 403)
  assert.match(old.body, /was handed on/)
  assert.doesNotMatch(old.body, /Citra|class="qr"/)
  assert.match((await open('transfer', token, '&lang=en')).body, /has been accepted/)

  const held = new URL(accepted.headers.location!, 'http://x').searchParams.get('token')!
  const renamed = await send('ticket/name', { token: held, holder_name: 'Citra Dewi', lang: 'en' })
  assert.deepEqual([renamed.statusCode, renamed.headers.location], [303, accepted.headers.location])
  assert.match((await show(renamed.headers.location!)).body, /<h3>Citra Dewi<\/h3>/)
  assert.equal((await send('ticket/name', { token: mine, holder_name: 'Budi' })).statusCode, 403)

  await inTransaction(deps.database, (tx) =>
    tx.updateTable('event').set({ names_until_hours: null }).where('id', '=', event.id).execute(),
  )
  assert.doesNotMatch((await open('ticket', held)).body, /<form/)
  const closed = await send('ticket/name', { token: held, holder_name: 'Budi', lang: 'en' })
  assert.equal(closed.statusCode, 409)
  assert.match(closed.body, /can’t be changed any more/)
  assert.equal((await theTicket(ticket.id)).holder_name, 'Citra Dewi')
})

test('who declines is told so, and the ticket stays where it was', async () => {
  const { ticket, token } = await anOffer()
  const declined = await send('transfer/refusal', { token, lang: 'en' })
  assert.equal(declined.statusCode, 303)
  const { body } = await show(declined.headers.location!)
  assert.match(body, /You have declined it/)
  assert.doesNotMatch(body, /<form/)
  const late = await send('transfer/acceptance', { token, holder_name: 'Citra', lang: 'en' })
  assert.equal(late.statusCode, 409)
  assert.match(late.body, /This offer is gone/)
  assert.equal((await theTicket(ticket.id)).version, ticket.version)
})

test('an offer ends with its time', async () => {
  const { token } = await anOffer()
  time.forward(8 * 24 * 60)
  assert.match((await open('transfer', token, '&lang=en')).body, /This offer has expired/)
})

test('a token that is forged, has expired or is for something else opens nothing', async () => {
  const { id, ticket, token } = await anOffer()
  const before = new Date(time.now().getTime() - 1_000)
  const bad = {
    ticket: [
      token,
      await tokenOf({ purpose: 'ticket', id: ticket.id }),
      await tokenOf({ purpose: 'ticket', id: ticket.id, version: ticket.version }, before),
      'x.y.z',
    ],
    transfer: [
      await tokenOf({ purpose: 'ticket', id, version: 1 }),
      await tokenOf({ purpose: 'transfer', id }, before),
      `${token}x`,
      '',
    ],
  }
  const actions = { ticket: ['ticket/name'], transfer: ['transfer/acceptance', 'transfer/refusal'] }
  for (const page of ['ticket', 'transfer'] as const) {
    for (const one of bad[page]) {
      const answers = [await open(page, one)]
      for (const path of actions[page]) {
        answers.push(await send(path, { token: one, ...(path !== 'transfer/refusal' && { holder_name: 'Budi' }) }))
      }
      for (const { statusCode, headers } of answers) {
        assert.deepEqual([statusCode, headers['content-type']], [403, 'text/html; charset=utf-8'], page)
      }
    }
  }
  assert.deepEqual(await theTicket(ticket.id), ticket)
})

test('text from outside is text, and odd forms are refused by pages', async () => {
  const { ticket, event, token } = await anOffer()
  const attack = `"><script>alert(1)</script><img src=x onerror='y'>`
  await inTransaction(deps.database, async (tx) => {
    await tx.updateTable('event').set({ title: attack, location: attack }).where('id', '=', event.id).execute()
    await tx.updateTable('user').set({ name: attack }).where('id', '=', ticket.customer_id).execute()
  })
  const pages = [await open('transfer', token)]
  const accepted = await send('transfer/acceptance', { token, holder_name: attack })
  pages.push(await show(accepted.headers.location!))
  for (const { statusCode, body, headers } of pages) {
    assert.equal(statusCode, 200)
    assert.doesNotMatch(body, /<script|<img|onerror='/)
    assert.match(String(headers['content-security-policy']), /form-action 'self'; frame-ancestors 'none'$/)
  }
  for (const holder_name of ['', ' ', 'x'.repeat(2_000), '\u0000']) {
    const { statusCode, headers } = await send('transfer/acceptance', { token, holder_name })
    assert.deepEqual([statusCode, headers['content-type']], [400, 'text/html; charset=utf-8'])
  }
})
