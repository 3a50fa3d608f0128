import type { Deps } from '../../src/deps.ts'
import { createBooking, openBookingLine } from '../../src/features/bookings/create-booking.ts'
import type { Booking } from '../../src/features/bookings/booking.ts'
import { system, type Role } from '../../src/lib/caller.ts'
import { sharedRead } from '../../src/db/shared-read.ts'
import { listEventsByIds } from '../../src/features/events/events.sql.ts'
import { createEvent } from '../../src/features/events/create-event.ts'
import type { Event } from '../../src/features/events/event.ts'
import { registerUser } from '../../src/features/users/register-user.ts'
import type { User } from '../../src/features/users/users.sql.ts'

let count = 0

/** People and things with sensible defaults: a test names only what it is about. */
export function factories(deps: Deps) {
  const aUser = (role: Role): Promise<User> => {
    const name = `${role} ${++count}`
    return registerUser(deps, system, { name, email: `${role}.${count}@example.com`, password: 'password123', role })
  }
  const aCustomer = () => aUser('customer')
  const anAdmin = () => aUser('admin')
  const anOrganizer = () => aUser('organizer')
  const anEvent = async (
    event: { capacity?: number; price?: number; date?: string; organizer_id?: number } = {},
  ): Promise<Event> =>
    createEvent(deps, system, {
      organizer_id: event.organizer_id ?? (await anOrganizer()).id,
      title: 'Konser',
      location: 'Jakarta',
      capacity: 10,
      price: 50_000,
      date: '2999-12-31T19:00:00Z',
      ...event,
    })
  const line = openBookingLine(deps, sharedRead(deps.database, listEventsByIds), new Set())
  const aBooking = async (
    booking: { event_id?: number; customer_id?: number; quantity?: number } = {},
  ): Promise<Booking> => {
    const customer_id = booking.customer_id ?? (await aCustomer()).id
    const event_id = booking.event_id ?? (await anEvent()).id
    const booked = await createBooking(deps, line, system, { customer_id, event_id, quantity: booking.quantity ?? 1 })
    return booked.booking
  }
  return { aUser, aCustomer, anOrganizer, anAdmin, anEvent, aBooking }
}
