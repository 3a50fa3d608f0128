import { inTransaction } from './db/transaction.ts'
import type { Deps } from './deps.ts'
import { insertEvent } from './features/events/events.sql.ts'
import { addFirstType } from './features/ticket-types/first-type.ts'
import { insertUser } from './features/users/users.sql.ts'
import { toTimestamp } from './lib/time.ts'

/** The users that the seed's own instructions name, with their passwords. Never for production. */
export const demoUsers = [
  { name: 'Dedi Mulyados', email: 'mulmulmul@mail.com', password: 'mullllya123', role: 'organizer' },
  { name: 'Pak Jkw', email: 'jwkwkw@mail.com', password: 'jwkwkww123', role: 'customer' },
  { name: 'Bahlilul', email: 'bahlilu@mail.com', password: 'bahabahha123', role: 'customer' },
] as const

const demoEvents = [
  { title: 'Konser Musik Nusantara', location: 'Stadion Utama, Jakarta', capacity: 100, price: 500_000, days: 90 },
  { title: 'Festival Kuliner Bandung', location: 'Lapangan Gasibu, Bandung', capacity: 50, price: 75_000, days: 120 },
] as const

/**
 * Adds the demo users and events that are missing, and changes nothing that is there.
 * Returns the ids of the organizer, of a customer and of an event.
 */
export async function seed(deps: Deps): Promise<{ customer_id: number; event_id: number; added: number }> {
  const hashes = await Promise.all(demoUsers.map(({ password }) => deps.hashPassword(password)))
  const now = deps.now()
  const at = toTimestamp(now)
  const stamps = { created_at: at, updated_at: at }
  const { locksRows } = deps.database.dialect
  return inTransaction(deps.database, async (tx) => {
    let added = 0
    const userIds: number[] = []
    for (const [index, { name, email, role }] of demoUsers.entries()) {
      const known = await tx
        .selectFrom('user')
        .select('id')
        .where('email_key', '=', email)
        // Two seeders at once: the second waits here until the first is done with the events as well.
        .$if(locksRows, (query) => query.forUpdate())
        .executeTakeFirst()
      if (!known) added++
      userIds.push(
        known?.id ??
          (await insertUser(tx, { name, email, email_key: email, password_hash: hashes[index]!, role, ...stamps })),
      )
    }
    const organizer_id = userIds[0]!
    const events = await tx
      .selectFrom('event')
      .select(['id', 'title'])
      .where('organizer_id', '=', organizer_id)
      .execute()
    const eventIds: number[] = []
    for (const { days, ...event } of demoEvents) {
      const known = events.find(({ title }) => title === event.title)
      if (!known) added++
      const date = toTimestamp(new Date(now.getTime() + days * 86_400_000)).slice(0, 19)
      const fresh = { ...event, organizer_id, available_seat: event.capacity, closed: 0 as const, date, ...stamps }
      const id = known?.id ?? (await insertEvent(tx, fresh))
      if (!known) await addFirstType(tx, id, event.price, at)
      eventIds.push(id)
    }
    return { customer_id: userIds[1]!, event_id: eventIds[0]!, added }
  })
}
