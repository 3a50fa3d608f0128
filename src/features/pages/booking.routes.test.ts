import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeQR } from 'qr/decode.js'
import { clock, doAllWork } from '../../../test/support/selling.ts'
import { startApp } from '../../../test/support/app.ts'
import { factories } from '../../../test/support/factories.ts'
import { forged } from '../../../test/support/forged.ts'
import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Language } from '../../lib/language.ts'
import { toTimestamp } from '../../lib/time.ts'
import { sandbox } from '../payments/providers/sandbox.ts'
import { sandboxPath } from '../payments/sandbox.routes.ts'
import { noteChange } from '../payments/receive-notice.ts'
import { openSelling, type Selling } from '../payments/selling.ts'
import { signLink, type Link } from '../signatures/link-token.ts'
import { linkUntil } from '../signatures/page-links.ts'
import { readTicketToken } from '../signatures/ticket-token.ts'

const time = clock()
let selling: Selling | undefined
const { app, deps, call } = await startApp({ now: time.now }, (deps: Deps) => {
  const provider = sandbox({ ...deps, pageUrl: (key) => deps.publicUrl() + sandboxPath(key) })
  selling = openSelling(deps, [provider], 0)
  return { auth: 'on', selling, sandbox: { onChange: (key) => noteChange(deps, 'sandbox', key) } }
})
const make = factories(deps)
const here = deps.publicUrl()

const far = () => linkUntil({ date: '2999-12-31 19:00:00', ends_at: null })
const tokenOf = (link: Link, until = far()) => signLink(deps.signer, link, until)
const pageOf = (token: string, more = '') => `/go/booking?token=${token}${more}`
const show = (url: string, headers = {}) => app.inject({ url: url.replace(here, ''), headers })
const send = (url: string, fields: Record<string, string>) =>
  app.inject({
    method: 'POST',
    url: url.replace(here, ''),
    payload: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })

/** A booking that waits for its money, as a customer makes it. */
async function aPendingBooking(quantity = 2, holder_names: string[] = ['Ani', 'Budi']) {
  const customer = await make.aCustomer()
  const { body } = await call('POST', '/api/v2/auth/login', { email: customer.email, password: 'password123' })
  const headers = { authorization: `Bearer ${body.access_token}` }
  const event = await make.anEvent({ price: 150_000 })
  const booked = await call(
    'POST',
    '/api/v2/bookings',
    { customer_id: customer.id, event_id: event.id, quantity, holder_names },
    headers,
  )
  assert.equal(booked.body.status, 'pending')
  const id = booked.body.id as number
  return { id, customer, event, headers, token: await tokenOf({ purpose: 'booking', id }) }
}

async function pay(token: string): Promise<void> {
  const opened = await send('/go/booking/payment', { token, provider: 'sandbox' })
  assert.equal(opened.statusCode, 303)
  await send(opened.headers.location!, { action: 'pay' })
  await doAllWork(deps, selling!)
}

async function speak(user_id: number, language: Language): Promise<void> {
  await inTransaction(deps.database, (tx) =>
    tx.updateTable('user').set({ language }).where('id', '=', user_id).execute(),
  )
}

test('who follows the link pays, comes back, and holds tickets that the door knows', async () => {
  const { id, token } = await aPendingBooking()
  const before = await show(pageOf(token))
  assert.equal(before.statusCode, 200)
  assert.match(before.body, /Waiting for payment/)
  assert.match(before.body, /2 × /)
  assert.doesNotMatch(before.body, /class="qr"/)

  const opened = await send('/go/booking/payment', { token, provider: 'sandbox', lang: 'id' })
  assert.equal(opened.statusCode, 303)
  const paid = await send(opened.headers.location!, { action: 'pay' })
  assert.equal(paid.statusCode, 303)
  const till = await show(opened.headers.location!)
  const [, back] = /<a class="button" href="([^"]+)"/.exec(till.body)!
  assert.equal(back, `${here}${pageOf(token)}`)
  await doAllWork(deps, selling!)

  const { body } = await show(back)
  assert.match(body, />Booked</)
  for (const name of ['Ani', 'Budi']) assert.match(body, new RegExp(`<h3>${name}</h3>`))
  assert.ok(body.includes(`/api/v2/bookings/${id}/tickets.pdf?token=${token}`))
  assert.ok(body.includes(`/api/v2/bookings/${id}/event.ics?token=${token}`))
  for (const [, link] of body.matchAll(/href="(\/api\/[^"]+)"/g)) {
    assert.equal((await show(link!.replaceAll('&amp;', '&'))).statusCode, 200, link)
  }
  const tickets = await deps.database.db
    .selectFrom('ticket')
    .selectAll()
    .where('booking_id', '=', id)
    .orderBy('id')
    .execute()
  const scanned = await Promise.all(qrCodes(body).map((text) => readTicketToken(deps.signer, text)))
  // Cards stand in the order of the tickets.
  assert.deepEqual(
    scanned.map((read) => read?.ticket_id),
    tickets.map((ticket) => ticket.id),
  )
  // A second tap on "pay", in a tab that was left open.
  const again = await send('/go/booking/payment', { token, provider: 'sandbox' })
  assert.deepEqual([again.statusCode, again.headers.location], [303, `/go/booking?token=${token}&lang=en`])
})

/** What a scanner reads off the page. */
function qrCodes(page: string): string[] {
  const scale = 4
  return [...page.matchAll(/viewBox="0 0 (\d+) \1"[^>]*role="img"[^>]*>\s*<path d="([^"]+)"/g)].map(
    ([, side, path]) => {
      const width = Number(side) * scale
      const data = new Uint8Array(width * width * 4).fill(255)
      for (const [, x, y, run] of path!.matchAll(/M(\d+) (\d+)h(\d+)/g)) {
        for (let row = Number(y) * scale; row < (Number(y) + 1) * scale; row++) {
          for (let column = Number(x) * scale; column < (Number(x) + Number(run)) * scale; column++) {
            data.fill(0, (row * width + column) * 4, (row * width + column) * 4 + 3)
          }
        }
      }
      return decodeQR({ width, height: width, data })
    },
  )
}

test('it speaks as its customer is written to, as is chosen, and else as the browser asks', async () => {
  const { token, customer } = await aPendingBooking()
  const words = { en: 'Waiting for payment', id: 'Menunggu pembayaran' }
  await speak(customer.id, 'id')
  assert.ok((await show(pageOf(token), { 'accept-language': 'en' })).body.includes(words.id))
  assert.ok((await show(pageOf(token, '&lang=en'))).body.includes(words.en))
  assert.match((await show('/go/booking?token=x', { 'accept-language': 'id' })).body, /tidak berlaku lagi/)
  assert.match((await show('/go/booking?token=x')).body, /does not work any more/)
})

test('when its time is over it can’t be paid, and says so before anybody has written it down', async () => {
  const { token } = await aPendingBooking()
  time.forward(16)
  const { body } = await show(pageOf(token))
  assert.match(body, /Not paid in time/)
  assert.doesNotMatch(body, /<button/)
  const late = await send('/go/booking/payment', { token, provider: 'sandbox' })
  assert.deepEqual([late.statusCode, late.headers.location], [303, `/go/booking?token=${token}&lang=en`])
  await doAllWork(deps, selling!)
  assert.match((await show(pageOf(token))).body, /Not paid in time/)
})

test('a cancelled booking says where its money is', async () => {
  const { id, token } = await aPendingBooking()
  await pay(token)
  const { email } = await make.anAdmin()
  const { body } = await call('POST', '/api/v2/auth/login', { email, password: 'password123' })
  const headers = { authorization: `Bearer ${body.access_token}` }
  assert.equal((await call('POST', `/api/v2/bookings/${id}/cancellation`, {}, headers)).status, 200)
  const cancelled = (await show(pageOf(token))).body
  assert.match(cancelled, />Cancelled</)
  assert.match(cancelled, /On its way back to you<\/dt>\s*<dd>IDR\s300,000/)
  assert.doesNotMatch(cancelled, /class="qr"/)
  await doAllWork(deps, selling!)
  assert.match((await show(pageOf(token))).body, /Paid back<\/dt>\s*<dd>IDR\s300,000/)
})

test('a ticket that was handed over is shown without what admits', async () => {
  const { id, token } = await aPendingBooking(1, ['Citra'])
  await pay(token)
  await inTransaction(deps.database, (tx) =>
    tx.updateTable('ticket').set({ holder_email: 'c@example.com', version: 2 }).where('booking_id', '=', id).execute(),
  )
  const { body } = await show(pageOf(token))
  const { ticket_code } = await deps.database.db
    .selectFrom('ticket')
    .selectAll()
    .where('booking_id', '=', id)
    .executeTakeFirstOrThrow()
  assert.match(body, /Handed over to somebody else/)
  assert.doesNotMatch(body, /class="qr"|tickets\/\d+\/pdf/)
  assert.ok(!body.includes(ticket_code))
})

test('a booking of many is shown in pages', async () => {
  const event = await make.anEvent({ capacity: 50, price: 0 })
  const { id } = await make.aBooking({ event_id: event.id, quantity: 45 })
  const token = await tokenOf({ purpose: 'booking', id })
  const cards = async (more: string) => [...(await show(pageOf(token, more))).body.matchAll(/class="qr"/g)].length
  assert.deepEqual(
    [await cards(''), await cards('&page=2'), await cards('&page=3'), await cards('&page=4')],
    [20, 20, 5, 1],
  )
})

const bad: [string, (id: number) => string | Promise<string>][] = [
  ['nothing', () => ''],
  ['forged', async (id) => forged(await tokenOf({ purpose: 'booking', id }))],
  ['of another purpose', (id) => tokenOf({ purpose: 'ticket', id, version: 1 })],
  ['expired', (id) => tokenOf({ purpose: 'booking', id }, new Date(time.now().getTime() - 1_000))],
]
for (const [what, tokenFor] of bad) {
  test(`a token that is ${what} opens nothing, and pays nothing`, async () => {
    const { id } = await aPendingBooking()
    const token = await tokenFor(id)
    for (const answer of [
      await show(pageOf(encodeURIComponent(token))),
      await send('/go/booking/payment', { token, provider: 'sandbox' }),
    ]) {
      assert.equal(answer.statusCode, 403)
      assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
      assert.match(answer.body, /does not work any more/)
    }
    const payments = await deps.database.db.selectFrom('payment').selectAll().where('booking_id', '=', id).execute()
    assert.deepEqual(payments, [])
  })
}

test('a booking that is not there any more is a page, too', async () => {
  const { statusCode, body } = await show(pageOf(await tokenOf({ purpose: 'booking', id: 999_999 })))
  assert.equal(statusCode, 404)
  assert.match(body, /not here any more/)
})

test('text from outside is text', async () => {
  const attack = `"><script>alert(1)</script><img src=x onerror='y'>`
  const { token, event, customer } = await aPendingBooking(1, [attack])
  const at = toTimestamp(time.now())
  await inTransaction(deps.database, async (tx) => {
    await tx.updateTable('event').set({ title: attack, location: attack }).where('id', '=', event.id).execute()
    await tx.updateTable('ticket_type').set({ name: attack }).where('event_id', '=', event.id).execute()
    await tx.updateTable('user').set({ name: attack, updated_at: at }).where('id', '=', customer.id).execute()
  })
  const pages = [await show(pageOf(token)), await show(pageOf(encodeURIComponent(attack)))]
  await pay(token)
  pages.push(await show(pageOf(token)))
  for (const { body, headers } of pages) {
    assert.doesNotMatch(body, /<script|<img|onerror='| style="| on\w+="|<link/)
    assert.match(
      String(headers['content-security-policy']),
      /^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'self'.*frame-ancestors 'none'$/,
    )
    assert.deepEqual(
      [headers['cache-control'], headers['referrer-policy'], headers['x-robots-tag']],
      ['no-store', 'no-referrer', 'noindex'],
    )
  }
})

for (const [what, status, payload, type] of [
  ['no body', 400, '', undefined],
  ['no provider', 400, 'token=x', undefined],
  ['an unknown provider', 400, 'token=x&provider=nobody', undefined],
  ['one that is not set up', 403, 'token=x&provider=stripe', undefined],
  ['one field more', 400, 'token=x&provider=sandbox&amount=1', undefined],
  ['a prototype', 400, '__proto__=x&constructor=y', undefined],
  ['an odd language', 400, 'token=x&provider=sandbox&lang=fr', undefined],
  ['bytes that are no text', 403, 'token=%FF%FE&provider=sandbox', undefined],
  ['a form that is too long', 413, `token=${'x'.repeat(5_000)}&provider=sandbox`, undefined],
  ['JSON', 415, '{"token":"x"}', 'application/json'],
] as const) {
  test(`a form with ${what} is answered ${status}, by a page`, async () => {
    const answer = await app.inject({
      method: 'POST',
      url: '/go/booking/payment',
      payload,
      headers: { 'content-type': type ?? 'application/x-www-form-urlencoded' },
    })
    assert.equal(answer.statusCode, status)
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  })
}

test('odd queries are answered by pages', async () => {
  for (const query of [
    '',
    '?token=a&token=b',
    '?token[x]=1',
    '?token=x&page=0',
    '?token=x&lang=fr',
    '?token=%00',
    `?token=${'x'.repeat(3_000)}`,
  ]) {
    const answer = await show(`/go/booking${query}`)
    assert.ok(answer.statusCode >= 400 && answer.statusCode < 500, query)
    assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
  }
})

test('no document names these pages', () => {
  for (const document of [app.swagger(), app.swaggerV2()]) assert.doesNotMatch(JSON.stringify(document), /"\/go\//)
})
