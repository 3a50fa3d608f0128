import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import pino from 'pino'
import sharp from 'sharp'
import { SMTPServer } from 'smtp-server'
import { databaseTargetFromUrl } from '../src/config.ts'
import { openDatabase } from '../src/db/database.ts'
import type { Deps } from '../src/deps.ts'
import { expireHolds } from '../src/features/bookings/expire-holds.ts'
import { printTickets } from '../src/features/documents/print-tickets.ts'
import { encodePicture } from '../src/features/images/picture.ts'
import { smtpMailer } from '../src/features/mail/smtp-mailer.ts'
import { runOutbox, TryLater } from '../src/features/outbox/run-outbox.ts'
import type { PaymentProvider } from '../src/features/payments/providers/provider.ts'
import { receiveNotice } from '../src/features/payments/receive-notice.ts'
import { openSelling } from '../src/features/payments/selling.ts'
import { openSigner } from '../src/features/signatures/signer.ts'
import { newTicketCode } from '../src/lib/codes.ts'
import { diagnose } from '../src/doctor.ts'
import { workOf } from '../src/work.ts'
import { at, customers, fillTables, insertNumbered, organizer } from './books.ts'
import { createDatabase, dropDatabase, type BenchDatabase } from './databases.ts'
import type { Bench } from './measure.ts'
import type { Result } from './results.ts'

const events = 100
const pool_size = 10
const seats = 2
const price = 500_000
const log = pino({ level: 'silent' })

/** What is done beside bookings: holds that end, payments that providers tell of, mails, documents and pictures. */
export async function runJobs(bench: Bench, isQuick: boolean): Promise<Result[]> {
  const [holds, webhooks, mails, pictures] = isQuick ? [5_000, 500, 100, 10] : [100_000, 5_000, 2_000, 100]
  const open = '2099-01-01 00:00:00'
  return [
    await onPending(bench, holds, '2020-01-01 00:00:00', expiry(holds)),
    await onPending(bench, webhooks, open, notices(webhooks)),
    await onPending(bench, mails, open, confirmations(mails)),
    await onPending(bench, mails, open, documents(mails)),
    await onPending(bench, pictures, open, uploads(pictures)),
  ]
}

type Job = {
  name: string
  /** One step; how many of the bookings it dealt with. */
  begin: (deps: Deps) => Promise<() => Promise<number>>
}

function expiry(count: number): Job {
  return { name: `expiry of ${count.toLocaleString('en')} holds`, begin: async (deps) => () => expireHolds(deps) }
}

/** Received, kept, and applied with a provider that answers at once: what is left is our own work. */
function notices(count: number): Job {
  return {
    name: `${count.toLocaleString('en')} webhooks received and applied`,
    async begin(deps) {
      const pay = payer(deps, count)
      return () => pay(64)
    },
  }
}

/** Has so many of the bookings paid at each call, and leaves their mails in the outbox; how many it were. */
function payer(deps: Deps, count: number): (limit: number) => Promise<number> {
  const selling = openSelling(deps, [paying], 0)
  const { handlers } = workOf(deps, log, selling)
  const later = { ...handlers, send_mail: async () => Promise.reject(new TryLater('2098-01-01 00:00:00')) }
  let received = 0
  return async (limit) => {
    const some = Array.from({ length: Math.min(limit, count - received) }, (_, n) => `bench-${received + n + 1}`)
    received += some.length
    const webhook = (key: string) => ({ headers: {}, body: Buffer.from(key), now: deps.now() })
    await Promise.all(some.map((key) => receiveNotice(deps, selling, 'sandbox', webhook(key))))
    while ((await runOutbox(deps, later, log)) > 0);
    return some.length
  }
}

/** Each with two tickets as a PDF, to a mail server that takes all. */
function confirmations(count: number): Job {
  return {
    name: `${count.toLocaleString('en')} mails with two tickets, over SMTP`,
    async begin(deps) {
      await payer(deps, count)(count)
      await deps.database.writer.updateTable('outbox').set({ run_at: '2020-01-01 00:00:00' }).execute()
      const server = new SMTPServer({
        authOptional: true,
        disabledCommands: ['STARTTLS'],
        logger: false,
        onData: drain,
      })
      server.listen(0, '127.0.0.1')
      await once(server.server, 'listening')
      const { port } = server.server.address() as AddressInfo
      const mailer = smtpMailer(`smtp://127.0.0.1:${port}`, 'Karcis <tickets@karcis.test>')
      const { handlers } = workOf({ ...deps, mailer }, log, openSelling(deps, [], 0))
      let left = count
      return async () => {
        const sent = await runOutbox(deps, handlers, log)
        left -= sent
        if (left === 0) {
          mailer.close()
          server.close()
        }
        return sent
      }
    },
  }
}

function drain(stream: Readable, _session: unknown, done: () => void): void {
  stream.resume().on('end', () => done())
}

/** One ticket each, for paper. */
function documents(count: number): Job {
  return {
    name: `${count.toLocaleString('en')} tickets as PDF, one by one`,
    async begin(deps) {
      await payer(deps, count)(count)
      const tickets = await deps.database.db.selectFrom('ticket').select('id').orderBy('id').limit(count).execute()
      let printed = 0
      return async () => {
        const { id } = tickets[printed++]!
        await buffer(await printTickets(deps, [id], { language: 'id', size: 'a4', asker: 'mail' }))
        return 1
      }
    },
  }
}

/** What is done with a picture that has come, without the way there. */
function uploads(count: number): Job {
  return {
    name: `${count.toLocaleString('en')} pictures of 12 megapixels made into three sizes`,
    async begin() {
      const side = { width: 4_000, height: 3_000 }
      const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
      const photo = await sharp({ create: { ...side, channels: 3, background: '#888', noise } })
        .jpeg()
        .toBuffer()
      return async () => {
        await encodePicture(photo)
        return 1
      }
    },
  }
}

const paying: PaymentProvider = {
  name: 'sandbox',
  minimum: () => 1,
  open: async ({ key }) => ({ reference: key, pay_url: '' }),
  find: async () => ({ state: 'paid', amount: seats * price, currency: 'IDR' }),
  close: async () => {},
  refund: async () => ({ state: 'done' }),
  findRefund: async () => undefined,
  readNotice: ({ body }) => ({ event_key: body.toString(), attempt_key: body.toString() }),
}

async function onPending(bench: Bench, count: number, expires: string, job: Job): Promise<Result> {
  const { serverUrl, say, database: name, problems } = bench
  say(`${name}: ${job.name}: filling the tables`)
  const made = await createDatabase(serverUrl, 'jobs')
  await fillPending(made, count, expires)
  const database = await openDatabase(databaseTargetFromUrl(made.url), pool_size)
  const now = () => new Date()
  const deps: Deps = {
    database,
    now,
    newCode: newTicketCode,
    hashPassword: async () => '',
    verifyPassword: async () => false,
    signer: openSigner(database, now),
    mailer: { send: async () => {}, close: () => {} },
    files: { put: async () => {}, open: async () => undefined, remove: async () => {} },
    publicUrl: () => 'http://localhost',
    wake: () => {},
  }
  say(`${name}: ${job.name}`)
  const step = await job.begin(deps)
  const steps_ms: number[] = []
  const start = performance.now()
  for (let done = 0; done < count;) {
    const before = performance.now()
    const some = await step()
    steps_ms.push(performance.now() - before)
    done += some
    if (some === 0) break
  }
  const elapsed_s = (performance.now() - start) / 1_000
  for (const { rule, what } of await diagnose(database.db)) problems.push(`${name}: ${job.name}: ${rule}: ${what}`)
  await database.close()
  await dropDatabase(made)
  const sorted = steps_ms.toSorted((a, b) => a - b)
  const rate = count / elapsed_s
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))]!
  const one = { name: 'karcis', rate, rates: [rate], elapsed_s, p50_ms: quantile(0.5), p99_ms: quantile(0.99) }
  return {
    database: name,
    scenario: 'jobs',
    name: `${job.name}, by the batch`,
    connections: 1,
    contenders: [{ ...one, max_ms: sorted.at(-1)! }],
    ratios: {},
    goals: [],
    warnings: [],
  }
}

/** Bookings that wait for their money, each with a payment that is open. */
async function fillPending(made: BenchDatabase, count: number, expires: string): Promise<void> {
  const sql = await made.open()
  await fillTables(sql, { events, capacity: 10_000_000, tickets: 0 })
  const event = `1 + i % ${events}`
  await insertNumbered(
    sql,
    count,
    'booking (id, customer_id, event_id, organizer_id, quantity, total_price, status, expires_at, created_at, updated_at)',
    [
      `i, 1 + i % ${customers}, ${event}, ${organizer}, ${seats}, ${seats * price}, 'pending', '${expires}', ${at}, ${at}`,
    ],
  )
  const items = `concat('[{"ticket_type_id":', ${event}, ',"price":${price},"holder_names":["Ani Wijaya","Budi Santoso"]}]')`
  await insertNumbered(sql, count, 'hold (booking_id, event_id, expires_at, items)', [
    `i, ${event}, '${expires}', ${items}`,
  ])
  await insertNumbered(
    sql,
    count,
    'payment (booking_id, provider, attempt_key, amount, currency, status, created_at, updated_at)',
    [`i, 'sandbox', concat('bench-', i), ${seats * price}, 'IDR', 'awaiting', ${at}, ${at}`],
  )
  await sql.all(
    `update event set available_seat = capacity - coalesce((select sum(quantity) from booking where event_id = event.id), 0)`,
  )
  await sql.close()
}
