import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { maySeeBooking, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Booking } from './booking.ts'
import { findBooking } from './bookings.sql.ts'

/**
 * A booking that the caller may see.
 *
 * @throws DomainError `booking_not_found`, also for one that is none of the caller's business
 */
export async function readBooking({ database }: Deps, caller: Caller, id: number): Promise<Booking> {
  const booking = await reading(database, (db) => findBooking(db, id))
  if (!booking || !maySeeBooking(caller, booking)) throw new DomainError('booking_not_found')
  return booking
}
