import { setTimeout as sleep } from 'node:timers/promises'
import { inTransaction } from '../../src/db/transaction.ts'
import { insertApiKey } from '../../src/features/accounts/accounts.sql.ts'
import { hashOf, key_prefix, newSecret } from '../../src/features/accounts/tokens.ts'
import { readPage } from '../../src/db/page-query.ts'
import { sharedRead } from '../../src/db/shared-read.ts'
import { listCheckIns } from '../../src/features/check-ins/check-ins.sql.ts'
import { openDoorLine } from '../../src/features/check-ins/door-line.ts'
import { listTicketsByIds } from '../../src/features/tickets/tickets.sql.ts'
import { useTicket } from '../../src/features/tickets/use-ticket.ts'
import { listTicketTypes } from '../../src/features/ticket-types/ticket-types.sql.ts'
import type { Booking } from '../../src/features/bookings/booking.ts'
import { findPayment, insertPayment, type Payment } from '../../src/features/payments/payments.sql.ts'
import { insertRefund } from '../../src/features/payments/refunds.sql.ts'
import { offerTransfer } from '../../src/features/transfers/offer-transfer.ts'
import type { User } from '../../src/features/users/users.sql.ts'
import type { Deps } from '../../src/deps.ts'
import { system, type Role, type Scope } from '../../src/lib/caller.ts'
import { toTimestamp } from '../../src/lib/time.ts'
import type { App, AppSettings } from '../../src/app.ts'
import { startApp, type Answer, type TestApp } from './app.ts'
import { factories } from './factories.ts'

/** Who asks, in the order of the table's columns. `off` is anyone on a server without accounts. */
export const askers = [
  'visitor',
  'customer',
  'organizer',
  'staff',
  'admin',
  'key: read',
  'key: sell',
  'key: check-in',
  'off',
] as const
export type Asker = (typeof askers)[number]

export type Whose = 'own' | 'foreign'
export type Entity = 'user' | 'event' | 'ticket type' | 'booking' | 'ticket' | 'transfer' | 'payment' | 'refund'

/** One asker who has just come, and rows that are theirs or somebody else's, made when they are asked for. */
export type Scene = Readonly<{
  app: App
  /** What the asker sends along to say who they are. */
  headers: Record<string, string>
  asker: Asker
  /** Who asks, or the owner of the key that does; for a visitor and on a server without accounts, some customer. */
  me: User
  make: ReturnType<typeof factories>
  deps: Deps
  /** The id of a new row. What nobody can own, such as a visitor's event, is somebody else's. */
  row(entity: Entity, whose: Whose): Promise<number>
  call(method: string, path: string, body?: unknown, more?: Record<string, string>): Promise<Answer>
}>

export const password = 'password123'

const roles: Partial<Record<Asker, Role>> = {
  customer: 'customer',
  organizer: 'organizer',
  staff: 'staff',
  admin: 'admin',
  'key: read': 'organizer',
  'key: sell': 'organizer',
  'key: check-in': 'organizer',
}

/** A server with accounts and one without, and a new scene for everyone who may ask. */
export async function accessGround(settings: Partial<AppSettings> = {}) {
  const on = await startApp({}, { ...settings, auth: 'on' })
  const off = await startApp({}, { ...settings, auth: 'off' })
  const ground = { on: { ...on, make: factories(on.deps) }, off: { ...off, make: factories(off.deps) } }

  async function scene(asker: Asker): Promise<Scene> {
    const { app, make, deps, call } = asker === 'off' ? ground.off : ground.on
    const role = roles[asker]
    const me = await make.aUser(role ?? 'customer')
    const headers = await headersOf(ground.on, asker, me)
    return {
      app,
      headers,
      asker,
      me,
      make,
      deps,
      row: (entity, whose) => aRow(deps, make, entity, whose === 'own' && role ? me : undefined),
      call: (method, path, body, more) => call(method, path, body, { ...headers, ...more }),
    }
  }
  return { ...ground, scene }
}

async function headersOf({ call, deps }: TestApp, asker: Asker, me: User): Promise<Record<string, string>> {
  if (asker === 'visitor' || asker === 'off') return {}
  if (asker.startsWith('key: ')) return bearer(await anApiKey(deps, me.id, [asker.slice('key: '.length) as Scope]))
  const { body } = await call('POST', '/auth/login', { email: me.email, password })
  return bearer(body.data.access_token as string)
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** A key as its owner was shown it. */
export async function anApiKey(deps: Deps, owner_id: number, scopes: readonly Scope[]): Promise<string> {
  const key = newSecret(key_prefix)
  await inTransaction(deps.database, (tx) =>
    insertApiKey(tx, {
      owner_id,
      name: 'box office',
      prefix: key.slice(0, 16),
      key_hash: hashOf(key),
      scopes: scopes.join(' '),
      created_at: toTimestamp(deps.now()),
      revoked_at: null,
    }),
  )
  return key
}

/** Puts a member of staff at the doors of an event. */
export async function putAtDoors(deps: Deps, event_id: number, user_id: number): Promise<void> {
  await inTransaction(deps.database, (tx) =>
    tx
      .insertInto('event_staff')
      .values({ event_id, user_id, created_at: toTimestamp(deps.now()) })
      .execute(),
  )
}

export async function aTicketOf(deps: Deps, bookingId: number): Promise<number> {
  const { id } = await deps.database.db
    .selectFrom('ticket')
    .select('id')
    .where('booking_id', '=', bookingId)
    .orderBy('id')
    .limit(1)
    .executeTakeFirstOrThrow()
  return id
}

/** The offer of a ticket, by its customer. */
export async function anOfferOf(deps: Deps, ticketId: number): Promise<number> {
  const { id } = await offerTransfer(deps, system, ticketId, { email: 'budi@example.com', language: 'id' })
  return id
}

/** What a door scans of a ticket. */
export async function aScanOf(deps: Deps, ticketId: number): Promise<{ code: string; event_id: number }> {
  const [ticket] = await listTicketsByIds(deps.database.db, [ticketId])
  return { code: ticket!.ticket_code, event_id: ticket!.event_id }
}

/** The admission of a ticket that has just been let in. */
export async function aCheckInOf(deps: Deps, ticketId: number): Promise<number> {
  const [ticket] = await listTicketsByIds(deps.database.db, [ticketId])
  const doors = openDoorLine(deps, sharedRead(deps.database, listTicketsByIds))
  await useTicket(doors, system, ticketId)
  const [act] = await readPage(deps.database.db, listCheckIns({ event_id: ticket!.event_id }), undefined, 1)
  return act!.id
}

/** A new row of this one, as far as their role can have any; else of people who are nobody's concern. */
async function aRow(
  deps: Deps,
  make: ReturnType<typeof factories>,
  entity: Entity,
  owner: User | undefined,
): Promise<number> {
  if (entity === 'user') return (owner ?? (await make.aCustomer())).id
  const event = await make.anEvent(owner?.role === 'organizer' ? { organizer_id: owner.id } : {})
  if (owner?.role === 'staff') await putAtDoors(deps, event.id, owner.id)
  if (entity === 'event') return event.id
  if (entity === 'ticket type') return (await listTicketTypes(deps.database.db, event.id))[0]!.id
  const booking = await make.aBooking({
    event_id: event.id,
    ...(owner?.role === 'customer' && { customer_id: owner.id }),
  })
  if (entity === 'booking') return booking.id
  if (entity === 'ticket') return aTicketOf(deps, booking.id)
  if (entity === 'transfer') return anOfferOf(deps, await aTicketOf(deps, booking.id))
  const payment = await aPaymentOf(deps, booking)
  return entity === 'payment' ? payment.id : aRefundOf(deps, booking, payment)
}

/** A payment that was paid. */
async function aPaymentOf(deps: Deps, booking: Booking): Promise<Payment> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const id = await insertPayment(tx, {
      booking_id: booking.id,
      provider: 'sandbox',
      attempt_key: `karcis-${booking.id}-access`,
      amount: booking.total_price,
      currency: booking.currency,
      status: 'paid',
      reference: null,
      charge: null,
      pay_url: null,
      note: null,
      check_at: null,
      paid_at: at,
      created_at: at,
      updated_at: at,
    })
    return (await findPayment(tx, id))!
  })
}

/** A refund that waits for a person. */
async function aRefundOf(deps: Deps, { id, organizer_id }: Booking, payment: Payment): Promise<number> {
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, (tx) =>
    insertRefund(tx, {
      payment_id: payment.id,
      booking_id: id,
      organizer_id,
      refund_key: `${payment.attempt_key}-r1`,
      amount: payment.amount,
      currency: payment.currency,
      status: 'by_hand',
      reason: 'cancelled',
      reference: null,
      note: null,
      check_at: null,
      done_at: null,
      created_at: at,
      updated_at: at,
    }),
  )
}

/** Until a condition holds that comes about by itself. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await condition()); tries++) {
    if (tries > 400) throw new Error('it never came about')
    await sleep(5)
  }
}
