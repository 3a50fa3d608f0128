import pino from 'pino'
import { buildApp, type App } from '../../src/app.ts'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase, type Database } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import type { Deps } from '../../src/deps.ts'
import { breaker } from '../../src/features/payments/providers/breaker.ts'
import type { PaymentProvider } from '../../src/features/payments/providers/provider.ts'
import { sandbox } from '../../src/features/payments/providers/sandbox.ts'
import { openSelling, type Selling } from '../../src/features/payments/selling.ts'
import type { FakeProvider } from '../fakes/fake-provider.ts'
import { fakeMidtrans } from '../fakes/midtrans.ts'
import { fakeStripe } from '../fakes/stripe.ts'
import { fakeXendit } from '../fakes/xendit.ts'
import { createEmptyDatabase, onSqlite } from './database.ts'
import { testDeps } from './deps.ts'
import { answersMatchDocumentV2 } from './openapi.ts'
import { watched } from './outbox.ts'

const log = pino({ level: 'silent' })
const fee_basis_points = 250
/** A provider that hangs is given up after this: real time, so it is short. */
const timeout_ms = 150
const names = ['midtrans', 'xendit', 'stripe'] as const

/** Thrown by all that a process does after its death. */
export class Died extends Error {
  override name = 'Died'
}

export type Server = {
  app: App
  deps: Deps
  selling: Selling
  /** The same server, which dies after so many steps: a query, or the answer of a provider, is one. */
  dying: (steps: number) => { deps: Deps; selling: Selling }
  call: (method: string, path: string, body?: unknown) => Promise<{ status: number; body: any }> // oxlint-disable-line typescript/no-explicit-any
}

export type World = {
  database: Database
  servers: readonly [Server, Server]
  fakes: Record<(typeof names)[number], FakeProvider>
  now: () => Date
  forward: (minutes: number) => void
  /** Codes of refusals, and how often each came. */
  refused: Map<string, number>
  /** Another history begins: empty tables, and providers that have never heard of anything. */
  begin: () => Promise<void>
  close: () => Promise<void>
}

/**
 * Two servers on one database, with one clock, which stands still but for `forward`, and fakes of all providers. On
 * SQLite both use one handle, because two in one process would block each other.
 */
export async function sellingWorld(): Promise<World> {
  const { url, drop } = await createEmptyDatabase()
  const open = () => openDatabase(databaseTargetFromUrl(url), 8)
  const database = await open()
  await migrate(database)
  const other = onSqlite ? database : await open()
  let time = Date.now()
  const now = () => new Date(time)
  const world = { fakes: {} as World['fakes'], refused: new Map<string, number>() }

  const aServer = async (own: Database): Promise<Server> => {
    const deps = testDeps(own, { now })
    // Each has adapters of its own, and finds out by itself which provider is down.
    const adapters = new Map<FakeProvider, PaymentProvider>()
    const current = (name: (typeof names)[number]) => {
      const fake = world.fakes[name]
      const known = adapters.get(fake) ?? fake.provider({
        timeout_ms,
        sleep: async () => {},
        breaker: breaker(name, { now: () => time }),
      }) // prettier-ignore
      adapters.set(fake, known)
      return known
    }
    const providers = [
      ...names.map((name) => following(name, () => current(name))),
      sandbox({ database: own, now, pageUrl: (key) => `http://karcis/${key}` }),
    ]
    const selling = openSelling(deps, providers, fee_basis_points)
    const app = await buildApp(deps, log, { auth: 'off', selling })
    const check = answersMatchDocumentV2(app.swaggerV2())
    return {
      app,
      deps,
      selling,
      dying(steps) {
        let left = steps
        const step = () => {
          if (left-- <= 0) throw new Died()
        }
        const mortal = { ...deps, database: watched(own, step) }
        return { deps: mortal, selling: openSelling(mortal, providers.map((one) => stepping(one, step)), fee_basis_points) } // prettier-ignore
      },
      async call(method, path, body) {
        const answer = await app.inject({
          method: method as 'GET',
          url: `/api/v2${path}`,
          ...(body !== undefined && { payload: body as object }),
          ...(method === 'PATCH' && { headers: { 'if-match': '*' } }),
        })
        const parsed = answer.body === '' ? undefined : JSON.parse(answer.body)
        const status = answer.statusCode
        check(method, `/api/v2${path}`, { status, type: answer.headers['content-type'], body: parsed })
        if (status >= 400) world.refused.set(parsed.code, (world.refused.get(parsed.code) ?? 0) + 1)
        if (status >= 500 && status !== 502 && status !== 503) throw new Error(`${method} ${path}: ${answer.body}`)
        return { status, body: parsed }
      },
    }
  }

  const servers = [await aServer(database), await aServer(other)] as const
  const endFakes = () => Promise.all(Object.values(world.fakes).map((fake) => fake.stop()))
  return {
    database,
    servers,
    now,
    get fakes() {
      return world.fakes
    },
    refused: world.refused,
    forward: (minutes) => {
      time += minutes * 60_000
    },
    async begin() {
      // Stripe looks at a real clock, and this one must not be behind it.
      time = Date.now()
      for (const table of tables) await database.writer.deleteFrom(table).execute()
      await endFakes()
      world.fakes = { midtrans: await fakeMidtrans(), xendit: await fakeXendit(), stripe: await fakeStripe() }
    },
    async close() {
      await endFakes()
      for (const { app } of servers) await app.close()
      if (other !== database) await other.close()
      await database.close()
      await drop()
    },
  }
}

/** What a history leaves behind; who refers to others comes first. */
const tables = [
  'refund',
  'payment_notice',
  'ledger_entry',
  'outbox',
  'payment',
  'hold',
  'ticket',
  'event_cancellation',
  'sandbox_refund',
  'sandbox_payment',
  'booking',
  'audit_entry',
  'ticket_type',
  'event',
] as const

/** A provider that is another one in each history. */
function following(name: PaymentProvider['name'], current: () => PaymentProvider): PaymentProvider {
  return {
    name,
    minimum: (currency) => current().minimum(currency),
    open: (attempt) => current().open(attempt),
    find: (payment) => current().find(payment),
    close: (payment) => current().close(payment),
    refund: (order) => current().refund(order),
    findRefund: (order) => current().findRefund(order),
    readNotice: (webhook) => current().readNotice(webhook),
  }
}

/** A provider whose answers are steps: it has done what it was asked, and the one who asked is dead. */
function stepping(provider: PaymentProvider, step: () => void): PaymentProvider {
  const then = async <T>(answer: Promise<T>): Promise<T> => {
    const answered = await answer
    step()
    return answered
  }
  return {
    ...provider,
    open: (attempt) => then(provider.open(attempt)),
    find: (payment) => then(provider.find(payment)),
    close: (payment) => then(provider.close(payment)),
    refund: (order) => then(provider.refund(order)),
    findRefund: (order) => then(provider.findRefund(order)),
  }
}
