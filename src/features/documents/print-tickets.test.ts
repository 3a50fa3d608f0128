import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { openTestDatabase } from '../../../test/support/database.ts'
import { testDeps } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import { fontsOf, infoOf, pagesOf, pictureOf, qrTextOf, textOf, withoutPoppler } from '../../../test/support/pdf.ts'
import { inTransaction } from '../../db/transaction.ts'
import { readTicketToken } from '../signatures/ticket-token.ts'
import { listTicketsByBooking } from '../tickets/tickets.sql.ts'
import { print } from './printer.ts'
import { printTickets } from './print-tickets.ts'

const { database, drop } = await openTestDatabase()
after(drop)
const deps = testDeps(database)
const { aBooking, anEvent } = factories(deps)

/** Tickets with these holders, and what else is said of their event. */
async function ticketsOf(holders: readonly string[], event: object = {}) {
  const { id } = await anEvent({ capacity: holders.length, price: 125_000 })
  const booking = await aBooking({ event_id: id, quantity: holders.length })
  const tickets = await listTicketsByBooking(database.db, booking.id)
  await inTransaction(database, async (tx) => {
    if (Object.keys(event).length > 0) await tx.updateTable('event').set(event).where('id', '=', id).execute()
    for (const [index, holder_name] of holders.entries()) {
      await tx.updateTable('ticket').set({ holder_name }).where('id', '=', tickets[index]!.id).execute()
    }
  })
  return { event_id: id, ids: tickets.map((ticket) => ticket.id), tickets }
}
const pdfOf = async (ids: readonly number[], size: 'a4' | 'phone' = 'a4', language: 'en' | 'id' = 'en') =>
  buffer(await printTickets(deps, ids, { language, size, asker: 'account 1' }))

for (const size of ['a4', 'phone'] as const) {
  test(`a ticket says all there is to say (${size})`, { skip: withoutPoppler }, async () => {
    const { ids, tickets } = await ticketsOf(['Budi Santoso', 'Siti'], {
      title: 'Konser Amal Nusantara',
      location: 'Istora Senayan, Jakarta',
      date: '2027-03-12 12:00:00',
      ends_at: '2027-03-12 15:00:00',
      doors_open_at: '2027-03-12 11:00:00',
      time_zone: 'Asia/Jakarta',
    })
    const pdf = await pdfOf(ids, size, 'id')
    const text = textOf(pdf)
    for (const part of [
      'Konser Amal Nusantara',
      'Istora Senayan, Jakarta',
      'Jumat, 12 Maret 2027',
      '19.00–22.00 WIB',
      'Pintu dibuka pukul 18.00',
      'Budi Santoso',
      'Siti',
      tickets[0]!.ticket_code,
      tickets[1]!.ticket_code,
      '125.000',
      'Halaman 1 dari 2',
    ]) {
      assert.ok(text.includes(part), `${part} is not in ${text}`)
    }
    const info = infoOf(pdf)
    assert.deepEqual([info['Title'], info['Pages'], info['Producer']], ['Konser Amal Nusantara', '2', 'Karcis'])
    assert.ok(pdf.length < 200_000, `${pdf.length} bytes`)
  })

  test(
    `names in many scripts are there, in fonts that are in the file (${size})`,
    { skip: withoutPoppler },
    async () => {
      const names = ['Đặng Thị Łucja Ñandú', '王小明 田中さくら 김철수', 'عبد الرحمن', '👩‍👩‍👧 Ayu 🎉 🇮🇩', 'สมชาย']
      const pdf = await pdfOf((await ticketsOf(names, { title: '春の音楽祭 「さくら」' })).ids, size)
      const text = textOf(pdf)
        .normalize('NFKC')
        .replace(/[\u200e\u200f\u202a-\u202e]/g, '')
      for (const name of ['Đặng Thị Łucja Ñandú', '王小明 田中さくら 김철수', 'عبد الرحمن', 'Ayu']) {
        assert.ok(text.includes(name), `${name} is not in ${text}`)
      }
      const fonts = fontsOf(pdf)
      assert.ok(fonts.length >= 4)
      assert.deepEqual(
        fonts.filter(({ embedded, subset }) => !embedded || !subset),
        [],
      )
      assert.ok(pdf.length < 200_000, `${pdf.length} bytes`)
    },
  )

  test(`a scanner reads the QR code from the screen (${size})`, { skip: withoutPoppler }, async () => {
    const { ids, event_id } = await ticketsOf(['Budi', 'Siti'])
    const pdf = await pdfOf(ids, size)
    for (const [index, ticket_id] of ids.entries()) {
      const token = await qrTextOf(pictureOf(pdf, index + 1))
      assert.deepEqual(await readTicketToken(deps.signer, token), { ticket_id, event_id, version: 1 })
    }
  })

  test(
    `the longest names and titles still leave a page that can be scanned (${size})`,
    { skip: withoutPoppler },
    async () => {
      const long = { title: 'W'.repeat(255), location: 'M'.repeat(255) }
      const pdf = await pdfOf((await ticketsOf(['W'.repeat(100)], long)).ids, size)
      assert.equal(pagesOf(pdf), 1)
      assert.ok(await qrTextOf(pictureOf(pdf, 1)))
    },
  )
}

test('an event’s picture is on each ticket, and in the file once', { skip: withoutPoppler }, async () => {
  const noise = Buffer.from(Array.from({ length: 300 * 200 * 3 }, (_, index) => (index * 7919) % 256))
  const jpeg = await sharp(noise, { raw: { width: 300, height: 200, channels: 3 } })
    .jpeg({ quality: 90 })
    .toBuffer()
  const { ids, event_id } = await ticketsOf(Array.from({ length: 20 }, (_, n) => `Guest ${n}`))
  const without = await pdfOf(ids)
  await deps.files.put('noise.jpg', jpeg, 'image/jpeg')
  const file = { name: 'noise.jpg', width: 300, height: 200, bytes: jpeg.length }
  await inTransaction(database, (tx) =>
    tx
      .insertInto('event_image')
      .values({ event_id, position: 1, files: JSON.stringify([file]), created_at: '2025-01-01 00:00:00' })
      .execute(),
  )
  const grown = (await pdfOf(ids)).length - without.length
  assert.ok(grown > jpeg.length / 2 && grown < jpeg.length * 1.5, `${grown} of ${jpeg.length} bytes`)
  await deps.files.remove('noise.jpg')
  assert.equal(pagesOf(await pdfOf(ids)), 20)
})

test('300 tickets are made while all else goes on', { skip: withoutPoppler }, async () => {
  const { ids } = await ticketsOf(Array.from({ length: 300 }, (_, n) => `Guest ${n}`))
  await pdfOf(ids.slice(0, 1))
  let turns = 0
  let isOver = false
  const turn = () => {
    turns++
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const stream = await printTickets(deps, ids, { language: 'en', size: 'a4', asker: 'account 1' })
  let pieces = 0
  const chunks: Buffer[] = []
  for await (const chunk of stream) {
    pieces++
    chunks.push(chunk as Buffer)
  }
  isOver = true
  assert.equal(pagesOf(Buffer.concat(chunks)), 300)
  assert.ok(pieces >= 300, `${pieces} pieces`)
  assert.ok(turns > 300, `${turns} turns`)
})

test('who does not read keeps nobody else from printing, neither readers nor mails', async () => {
  const { ids } = await ticketsOf(Array.from({ length: 100 }, (_, n) => `Guest ${n}`))
  const unread = await Promise.all(
    ([1, 1, 2, 2, 3, 3] as const).map((n) =>
      printTickets(deps, ids, { language: 'en', size: 'a4', asker: `account ${n}` }),
    ),
  )
  for (const asker of ['account 4', 'booking 1', 'mail'] as const) {
    const pdf = await buffer(await printTickets(deps, ids.slice(0, 1), { language: 'en', size: 'phone', asker }))
    assert.ok(pdf.length > 1_000)
  }
  for (const stream of unread) stream.destroy()
})

test('of many documents for one, two are under way, four wait, and the next is refused', async () => {
  const { ids } = await ticketsOf(['Budi'])
  const ask = () => printTickets(deps, ids, { language: 'en', size: 'phone', asker: 'account 5' })
  const unread = await Promise.all([ask(), ask()])
  let served = 0
  const waiting = Array.from({ length: 4 }, async () => {
    const stream = await ask()
    served++
    await buffer(stream)
  })
  await assert.rejects(ask(), { code: 'too_many_requests', retry_after_s: 5 })
  assert.equal(served, 0)
  for (const stream of unread) stream.destroy()
  await Promise.all(waiting)
  assert.equal(served, 4)
})

test(
  'what can’t be made fails before anything is sent, and the next one is made',
  { skip: withoutPoppler },
  async () => {
    const wrong = print('account 1', async () => ({ language: 'en', size: 'a4', tickets: [{}] }) as never)
    await assert.rejects(wrong, /could not be made/)
    const { ids } = await ticketsOf(['Budi'])
    assert.equal(pagesOf(await pdfOf(ids)), 1)
    await assert.rejects(pdfOf([999_999_999]), { code: 'ticket_not_found' })
  },
)
