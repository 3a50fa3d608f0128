import * as fc from 'fast-check'
import pino from 'pino'
import { reading } from '../../src/db/transaction.ts'
import { cancelBooking } from '../../src/features/bookings/cancel-booking.ts'
import { expireHolds } from '../../src/features/bookings/expire-holds.ts'
import { runOutbox } from '../../src/features/outbox/run-outbox.ts'
import { actInSandbox } from '../../src/features/payments/act-in-sandbox.ts'
import { openPayment } from '../../src/features/payments/open-payment.ts'
import { findPayment, type Payment } from '../../src/features/payments/payments.sql.ts'
import { noteChange } from '../../src/features/payments/receive-notice.ts'
import { reconcilePayments, reconcileRefunds } from '../../src/features/payments/reconcile.ts'
import { anyone, system, type Caller } from '../../src/lib/caller.ts'
import { DomainError } from '../../src/lib/errors.ts'
import { toRfc3339, toTimestamp } from '../../src/lib/time.ts'
import { workOf } from '../../src/work.ts'
import type { FakeProvider, Misbehaviour, SentWebhook } from '../fakes/fake-provider.ts'
import { doAllWork } from './selling.ts'
import { Died, type Server, type World } from './selling-world.ts'

const log = pino({ level: 'silent' })
const providers = ['midtrans', 'xendit', 'stripe', 'sandbox'] as const
const prices = [150_000, 10_000, 33_333, 1, 0, 150_000, 99_999]
const percents = [100, 33, 50, 0, 77]
const minutes = [1, 1, 2, 5, 16, 40, 61, 300, 1_500]
const troubles: readonly Misbehaviour[] = ['error', 'drop', 'drop after', 'too many', 'garbage', 'hang', 'hang after']

/** What one history knows beside what is in the database. */
export type History = {
  world: World
  people: { customers: readonly number[]; organizer: number }
  /** Paid when nobody would ask about it any more: its provider is to tell. */
  toTell: Set<string>
  /** Webhooks that were made and not sent yet. */
  kept: { provider: FakeProvider; webhook: SentWebhook }[]
  /** Refunds that a person has paid. */
  byHand: Set<number>
}

/** What is done, of what, how, and by which server: numbers that are taken as there are things to choose from. */
export type Step = Readonly<{ act: keyof typeof acts; a: number; b: number; c: number }>

const pick = <T>(some: readonly T[], n: number): T | undefined => some[n % Math.max(1, some.length)]
const serverOf = ({ world }: History, n: number): Server => world.servers[n % 2]!
const db = ({ world }: History) => world.database.db
const bookings = (history: History) => db(history).selectFrom('booking').selectAll().orderBy('id').execute()
const events = (history: History) => db(history).selectFrom('event').selectAll().orderBy('id').execute()
const payments = (history: History) => db(history).selectFrom('payment').selectAll().orderBy('id').execute()
const fakeOf = ({ world }: History, { provider }: Payment): FakeProvider | undefined =>
  provider === 'sandbox' ? undefined : world.fakes[provider]

const acts = {
  async sell(history: History, { a, b, c }: Step) {
    const { world, people } = history
    const { call } = serverOf(history, c)
    const { body: event } = await call('POST', '/events', {
      organizer_id: people.organizer,
      title: 'Konser',
      location: 'Jakarta',
      capacity: 1 + (a % 25),
      price: pick(prices, b),
      currency: c % 5 === 4 ? 'USD' : 'IDR',
      date: toRfc3339(toTimestamp(new Date(world.now().getTime() + (1 + (b % 200)) * 3_600_000))),
      hold_minutes: pick([15, 1, 60], a),
      cancel_until_hours: pick([0, 1, 24, null], a + b),
      cancel_refund_percent: pick(percents, c),
    })
    for (let n = 0; n < a % 3; n++) {
      const capacity = pick([null, 1 + (b % 4), 20], n + c)
      const type = { name: `Type ${n}`, price: pick(prices, b + n), capacity }
      await call('POST', `/events/${event.id}/ticket-types`, type)
    }
  },

  async book(history: History, { a, b, c }: Step) {
    const event = pick(await events(history), a)
    if (!event) return
    const types = await db(history).selectFrom('ticket_type').selectAll().where('event_id', '=', event.id).execute()
    const some = types.filter((_, n) => b % (n + 2) === 0)
    const items = some.map(({ id }, n) => ({ ticket_type_id: id, quantity: 1 + ((b + n) % 3) }))
    await serverOf(history, c).call('POST', '/bookings', {
      customer_id: pick(history.people.customers, c),
      event_id: event.id,
      ...(items.length > 0 ? { items } : { quantity: 1 + (b % 3) }),
    })
  },

  /** All the way, as most customers go it, if nothing comes between. */
  async buy(history: History, { a, b, c }: Step) {
    const { world, people } = history
    const event = pick(
      (await events(history)).filter(({ available_seat, closed }) => available_seat > 0 && !closed),
      a,
    )
    if (!event) return
    const { call, deps, selling } = serverOf(history, c)
    const order = { customer_id: pick(people.customers, c), event_id: event.id, quantity: 1 + (b % 3) }
    const booked = await call('POST', '/bookings', order)
    if (booked.status !== 201) return
    const opened = await call('POST', `/bookings/${booked.body.id}/payments`, { provider: pick(providers, b) })
    if (opened.status !== 201) return
    const payment = (await findPayment(world.database.db, opened.body.id as number))!
    const { attempt_key, reference } = payment
    const fake = fakeOf(history, payment)
    const channel = fake?.name === 'midtrans' && c % 3 === 0 ? { channel: 'credit_card' } : {}
    if (fake) fake.pay(attempt_key, { reference: reference ?? undefined, ...channel })
    else await actInSandbox(deps, attempt_key, 'pay')
    if (c % 4 > 0) await tellOf(history, serverOf(history, a), payment)
    if (c % 5 > 0) await runOutbox(deps, workOf(deps, log, selling).handlers, log)
  },

  async open(history: History, { a, b, c }: Step) {
    const booking = pick((await bookings(history)).filter(({ status }) => status === 'pending').toReversed(), a)
    if (!booking) return
    await serverOf(history, c).call('POST', `/bookings/${booking.id}/payments`, { provider: pick(providers, b) })
  },

  async pay(history: History, { a, b, c }: Step) {
    const payment = pick((await payments(history)).toReversed(), a)
    if (!payment) return
    const { attempt_key, amount } = payment
    const reference = payment.reference ?? undefined
    const fake = fakeOf(history, payment)
    const { deps } = serverOf(history, c)
    try {
      if (!fake) await actInSandbox(deps, attempt_key, b % 8 === 7 ? 'decline' : b % 2 === 0 ? 'pay' : 'pay_too_late')
      else if (b % 8 === 7) {
        if (!fake.books().get(attempt_key)?.paid) fake.decline(attempt_key)
      } else if (b % 8 === 6) fake.pay(attempt_key, { amount: amount + 1 + (c % 3), reference })
      else {
        const channel = b % 8 === 5 ? fake.irreversible : fake.name === 'midtrans' && b % 8 === 4 ? 'credit_card' : undefined
        fake.pay(attempt_key, { late: b % 2 === 1, reference, ...(channel && { channel }) })
      } // prettier-ignore
    } catch (error) {
      if (!/^no (session|invoice|page)/.test((error as Error).message)) throw error
      return
    }
    const after = await reading(history.world.database, (read) => findPayment(read, payment.id))
    if (payment.check_at === null || after?.check_at === null) history.toTell.add(attempt_key)
  },

  async tell(history: History, { a, b, c }: Step) {
    const server = serverOf(history, c)
    if (b % 7 === 6) {
      const old = history.kept.splice(a % Math.max(1, history.kept.length), 1)[0]
      if (old) await post(server, old.provider, old.webhook)
      return
    }
    const payment = pick((await payments(history)).toReversed(), a)
    if (payment) await tellOf(history, server, payment, b)
  },

  async trouble({ world }: History, { a, b, c }: Step) {
    const fake = world.fakes[pick(providers.slice(0, 3), a) as 'xendit']
    if (b % 8 === 7) fake.behave()
    else fake.misbehave(troubles[b % 8]!, 1 + (c % 4), c % 2 === 0 ? /^POST/ : undefined)
  },

  /** A provider is away for hours, while the servers go on. */
  async outage(history: History, { a, b, c }: Step) {
    const { world } = history
    const fake = world.fakes[pick(providers.slice(0, 3), a) as 'xendit']
    fake.misbehave(b % 2 === 0 ? 'error' : 'drop after', 10_000, c % 3 === 0 ? /^POST/ : undefined)
    for (let turn = 0; turn < 6 + (b % 20); turn++) {
      world.forward(10)
      const { deps, selling } = serverOf(history, turn)
      await doAllWork(deps, selling)
    }
    fake.behave()
  },

  async refundsTake({ world }: History, { a, b }: Step) {
    const fake = world.fakes[pick(providers.slice(1, 3), a) as 'xendit']
    if (b % 3 === 2) fake.finishRefunds(b % 2 === 0)
    else fake.refundsTake(b % 3 === 0 ? 'their time' : 'no time')
  },

  async settle(history: History, { a }: Step) {
    const payment = pick((await payments(history)).filter(({ status }) => status === 'paid'), a) // prettier-ignore
    if (payment) fakeOf(history, payment)?.settle(payment.attempt_key)
  },

  async wait({ world }: History, { a }: Step) {
    world.forward(pick(minutes, a)!)
  },

  async outbox(history: History, { a }: Step) {
    const { deps, selling } = serverOf(history, a)
    await runOutbox(deps, workOf(deps, log, selling).handlers, log)
  },

  async expire(history: History, { a }: Step) {
    await expireHolds(serverOf(history, a).deps)
  },

  async reconcile(history: History, { a }: Step) {
    const { deps, selling } = serverOf(history, a)
    await Promise.all([reconcilePayments(deps, selling, log), reconcileRefunds(deps, selling, log)])
  },

  /** A process begins something, and dies in the middle. */
  async die(history: History, { a, b, c }: Step) {
    const { deps, selling } = serverOf(history, c).dying(1 + (b % 40))
    const booking = pick((await bookings(history)).filter(({ status }) => status === 'pending'), a >> 3) // prettier-ignore
    try {
      if (a % 8 === 0) await expireHolds(deps)
      else if (a % 8 === 1) await reconcilePayments(deps, selling, log)
      else if (a % 8 === 2) await reconcileRefunds(deps, selling, log)
      else if (a % 8 <= 4) {
        if (booking) await openPayment(deps, selling, system, booking.id, { provider: pick(providers, b)! })
      } else await runOutbox(deps, workOf(deps, log, selling).handlers, log)
    } catch (error) {
      if (!(error instanceof Died) && !(error instanceof DomainError)) throw error
    }
  },

  async cancel(history: History, { a, b, c }: Step) {
    const booking = pick((await bookings(history)).toReversed(), a)
    if (!booking) return
    const { deps } = serverOf(history, c)
    const tickets = await db(history).selectFrom('ticket').select('id').where('booking_id', '=', booking.id).execute()
    const some = tickets.filter((_, n) => (b >> n) % 2 === 1).map(({ id }) => id)
    const customer: Caller = { ...system, role: 'customer', user_id: booking.customer_id }
    const who = b % 3 === 0 ? { ...system, ...anyone } : customer
    await tolerant(history, () => cancelBooking(deps, who, booking.id, c % 2 === 0 && some.length > 0 ? some : undefined)) // prettier-ignore
  },

  async callOff(history: History, { a, b, c }: Step) {
    const event = pick(await events(history), a)
    if (event && b % 2 === 0) await serverOf(history, c).call('POST', `/events/${event.id}/cancellation`, {})
  },

  async enter(history: History, { a, c }: Step) {
    const ticket = pick(await db(history).selectFrom('ticket').select('id').orderBy('id').execute(), a)
    if (ticket) await serverOf(history, c).call('POST', `/tickets/${ticket.id}/use`)
  },

  async change(history: History, { a, b, c }: Step) {
    const { call } = serverOf(history, c)
    const event = pick(await events(history), a)
    const type = pick(await db(history).selectFrom('ticket_type').selectAll().orderBy('id').execute(), a)
    const booking = pick(await bookings(history), a)
    if (!event || !type) return
    switch (b % 8) {
      case 0:
      case 1:
        await call('PATCH', `/events/${event.id}`, { capacity: 1 + (c % 12) })
        break
      case 2:
        await call('PATCH', `/events/${event.id}`, { price: pick(prices, c) })
        break
      case 3:
        await call('PATCH', `/ticket-types/${type.id}`, { capacity: pick([null, 1, 2, 5, 20], c) })
        break
      case 4:
        await call('PATCH', `/ticket-types/${type.id}`, { price: pick(prices, c) })
        break
      case 5:
        await call('DELETE', `/ticket-types/${type.id}`)
        break
      case 6:
        if (booking) await call('DELETE', `/bookings/${booking.id}`)
        break
      default:
        if (booking) await call('POST', `/bookings/${booking.id}/restoration`)
    }
  },

  async completeRefund(history: History, { a, c }: Step) {
    const waiting = await db(history).selectFrom('refund').select('id').where('status', '=', 'by_hand').execute()
    const refund = pick(waiting, a)
    if (!refund) return
    const { status } = await serverOf(history, c).call('POST', `/refunds/${refund.id}/completion`, {})
    if (status === 200) history.byHand.add(refund.id)
  },
}

/** Refusals are told to whoever asks; nothing else may happen. */
async function tolerant({ world }: History, act: () => Promise<unknown>): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    world.refused.set(error.code, (world.refused.get(error.code) ?? 0) + 1)
  }
}

async function post({ app }: Server, { name }: FakeProvider, { headers, body }: SentWebhook): Promise<void> {
  const { statusCode } = await app.inject({ method: 'POST', url: `/api/v2/webhooks/${name}`, headers, payload: body })
  if (statusCode >= 500) throw new Error(`a webhook of ${name} was answered ${statusCode}`)
}

/** A webhook about this payment: sent once, twice at once, forged, tampered with, or made now to be sent later. */
export async function tellOf(history: History, server: Server, payment: Payment, how = 0): Promise<void> {
  const fake = fakeOf(history, payment)
  if (!fake) return noteChange(server.deps, 'sandbox', payment.attempt_key)
  // Nothing is known there of an attempt whose opening never arrived.
  if (fake.madeUnder(payment.attempt_key) === 0) return
  const options = { at: history.world.now(), forge: how % 7 === 4, tamper: how % 7 === 5 }
  const webhook = fake.webhook(payment.attempt_key, options)
  if (how % 7 === 3) history.kept.push({ provider: fake, webhook })
  else await Promise.all(Array.from({ length: how % 7 === 2 ? 2 : 1 }, () => post(server, fake, webhook)))
}

export async function perform(history: History, step: Step): Promise<void> {
  await acts[step.act](history, step)
}

const weights: Record<keyof typeof acts, number> = {
  sell: 2,
  book: 10,
  buy: 14,
  open: 14,
  pay: 16,
  tell: 10,
  trouble: 4,
  outage: 1,
  refundsTake: 2,
  settle: 2,
  wait: 8,
  outbox: 12,
  expire: 5,
  reconcile: 5,
  die: 8,
  cancel: 12,
  callOff: 2,
  enter: 4,
  change: 6,
  completeRefund: 2,
}

const aStep: fc.Arbitrary<Step> = fc.record({
  act: fc.oneof(
    ...Object.entries(weights).map(([act, weight]) => ({ weight, arbitrary: fc.constant(act as Step['act']) })),
  ),
  a: fc.nat(999),
  b: fc.nat(999),
  c: fc.nat(999),
})

/** A history is steps one after the other; those of one turn happen at once. */
export const histories = (turns_max: number): fc.Arbitrary<Step[][]> =>
  fc
    .tuple(
      fc.array(fc.record({ act: fc.constant('sell' as const), a: fc.nat(999), b: fc.nat(999), c: fc.nat(999) }), {
        minLength: 1,
        maxLength: 2,
      }),
      fc.array(fc.array(aStep, { minLength: 1, maxLength: 4 }), {
        minLength: 5,
        maxLength: turns_max,
        size: 'max',
      }),
    )
    .map(([sales, turns]) => sales.map((sale): Step[] => [sale]).concat(turns))
