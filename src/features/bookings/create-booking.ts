import { inTransaction } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { toTimestamp } from '../../lib/time.ts'
import { takeSeats } from '../events/take-seats.ts'
import { issueTickets } from '../tickets/issue-tickets.ts'
import { findUser } from '../users/users.sql.ts'
import { holderNames, type Booking } from './booking.ts'
import type { CreateBooking } from './bookings.schema.ts'
import { findBooking, insertBooking } from './bookings.sql.ts'

/**
 * Takes the seats, makes the booking and issues its tickets, all or nothing. What can't be had for the
 * event is said before what is wrong with the customer.
 *
 * @throws DomainError `holder_names_mismatch`, `event_not_found`, `event_not_available`, `not_enough_seats`,
 *   `customer_not_found`, `not_a_customer`
 */
export async function createBooking(deps: Deps, input: CreateBooking): Promise<Booking> {
  const { customer_id, event_id, quantity } = input
  const holders = holderNames(quantity, input.holder_names)
  const at = toTimestamp(deps.now())
  return inTransaction(deps.database, async (tx) => {
    const { price } = await takeSeats(tx, event_id, quantity, at)
    const customer = await findUser(tx, customer_id)
    if (!customer) throw new DomainError('customer_not_found')
    if (customer.role !== 'customer') throw new DomainError('not_a_customer')
    const total_price = price * quantity
    const booking = { customer_id, event_id, quantity, total_price, created_at: at, updated_at: at }
    let id: number
    try {
      id = await insertBooking(tx, { ...booking, status: 'success' })
    } catch (error) {
      // Deleted since we looked; the event can't have been, we hold it.
      if (deps.database.dialect.meaningOf(error) === 'foreign_key') throw new DomainError('customer_not_found')
      throw error
    }
    await issueTickets(deps, tx, id, holders, at)
    return (await findBooking(tx, id))!
  })
}
