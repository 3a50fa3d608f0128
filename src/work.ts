import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { findNextExpiry } from './features/bookings/bookings.sql.ts'
import { expireHolds } from './features/bookings/expire-holds.ts'
import { cancelBookingsOf } from './features/events/cancel-event.ts'
import { mailBookings } from './features/mail/mail-bookings.ts'
import { mailEvent, remindGuests, type EventMail } from './features/mail/mail-event.ts'
import { sendMail } from './features/mail/send-mail.ts'
import { findNextReminder } from './features/mail/mail.sql.ts'
import { remove_image_files, removeImageFiles } from './features/images/remove-image-files.ts'
import type { Lane } from './features/outbox/outbox.sql.ts'
import { TryLater, type Handler } from './features/outbox/run-outbox.ts'
import { findNextCheck } from './features/payments/checks.sql.ts'
import { fieldsOf, refundKey } from './features/payments/providers/fields.ts'
import { ProviderError } from './features/payments/providers/provider.ts'
import { applyNotice } from './features/payments/receive-notice.ts'
import { closePayment, reconcilePayments, reconcileRefunds } from './features/payments/reconcile.ts'
import type { Selling } from './features/payments/selling.ts'
import { sendRefund } from './features/payments/send-refund.ts'
import { addSeconds, toTimestamp } from './lib/time.ts'
import type { Work } from './worker.ts'

/** Well within the time that a handler has. */
const turn_ms_max = 10_000

const provider_wait_s = 60

/** The lanes that this server works on: none with WORKER=off. */
export function lanesOf({ roles, worker }: Pick<Config, 'roles' | 'worker'>): ReadonlySet<Lane> {
  const lanes = new Set<Lane>()
  if (worker === 'on' && roles.has('worker')) lanes.add('work')
  if (worker === 'on' && roles.has('payments')) lanes.add('payments')
  return lanes
}

export const allLanes: ReadonlySet<Lane> = new Set(['work', 'payments'])

/** All that is done beside requests in these lanes: by the server itself, or by workers of their own. */
export function workOf(deps: Deps, log: Logger, selling: Selling, lanes = allLanes): Work {
  const work = lanes.has('work') ? generalWork(deps) : undefined
  const payments = lanes.has('payments') ? paymentWork(deps, log, selling) : undefined
  if (!work || !payments) return work ?? payments ?? { handlers: {}, chores: [] }
  return {
    handlers: { ...work.handlers, ...payments.handlers },
    chores: [...work.chores, ...payments.chores],
  }
}

/** Mails, reminders, the ends of holds, and what takes longer than a request may. */
function generalWork(deps: Deps): Work {
  return {
    lane: 'work',
    handlers: {
      send_mail: (payload) => sendMail(deps, idIn(payload, 'mail_id')),
      mail_bookings: (payload) => mailBookings(deps, (payload as { booking_ids: readonly number[] }).booking_ids),
      mail_event: (payload) => mailEvent(deps, payload as EventMail),
      [remove_image_files]: (payload) => removeImageFiles(deps, payload),
      async cancel_bookings(payload) {
        const until = performance.now() + turn_ms_max
        while (await cancelBookingsOf(deps, idIn(payload, 'event_id'))) {
          // Put back now and then, so that a job of hours ends with its server, and any worker goes on with it.
          if (performance.now() > until) throw new TryLater(toTimestamp(deps.now()))
        }
      },
    },
    chores: [
      { name: 'remind guests', nextDue: findNextReminder, run: () => remindGuests(deps) },
      { name: 'expire holds', nextDue: findNextExpiry, run: () => expireHolds(deps) },
    ],
  }
}

/** What payment providers are asked. Its kinds are those of the column `lane` (0006-run-for-real.ts). */
function paymentWork(deps: Deps, log: Logger, selling: Selling): Work {
  return {
    lane: 'payments',
    handlers: {
      apply_notice: patient(deps, log, (payload) =>
        applyNotice(deps, selling, idIn(payload, 'notice_id'), refundKey(fieldsOf(payload)['refund_key'])),
      ),
      close_payment: patient(deps, log, (payload) => closePayment(deps, selling, idIn(payload, 'payment_id'))),
      send_refund: patient(deps, log, (payload) => sendRefund(deps, selling, idIn(payload, 'refund_id'))),
    },
    chores: [
      {
        name: 'reconcile payments',
        nextDue: (db) => findNextCheck(db, 'payment'),
        run: () => reconcilePayments(deps, selling, log),
      },
      {
        name: 'reconcile refunds',
        nextDue: (db) => findNextCheck(db, 'refund'),
        run: () => reconcileRefunds(deps, selling, log),
      },
    ],
  }
}

/** A provider may be away for a day, and money must go back all the same: it is waited for, and no message dies of it. */
function patient(deps: Deps, log: Logger, handle: (payload: unknown) => Promise<void>): Handler {
  return async (payload, { key }) => {
    try {
      await handle(payload)
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      log.warn({ err: error, key }, 'a payment provider could not be asked, and will be asked again')
      throw new TryLater(addSeconds(toTimestamp(deps.now()), provider_wait_s))
    }
  }
}

function idIn(payload: unknown, name: string): number {
  const id = (payload as Record<string, unknown> | null)?.[name]
  if (!Number.isSafeInteger(id)) throw new Error(`the message has no ${name}`)
  return id as number
}
