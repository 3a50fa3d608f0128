import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { readBooking } from '../bookings/read-booking.ts'
import { findPayment, type Payment } from './payments.sql.ts'

/**
 * A payment for a booking that the caller may see.
 *
 * @throws DomainError `payment_not_found`, also for one that is none of the caller's business
 */
export async function readPayment(deps: Deps, caller: Caller, id: number): Promise<Payment> {
  const payment = await reading(deps.database, (db) => findPayment(db, id))
  if (!payment) throw new DomainError('payment_not_found')
  await readBooking(deps, caller, payment.booking_id).catch((error: unknown) => {
    const isHidden = error instanceof DomainError && error.code === 'booking_not_found'
    throw isHidden ? new DomainError('payment_not_found') : error
  })
  return payment
}
