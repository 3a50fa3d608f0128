import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import fastify from 'fastify'
import { createPool, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise'
import { bookingBody, type BookingInput } from './booking-schema.ts'

/**
 * The lower yardstick: books as the reference does, one transaction for each booking. It locks the event, inserts
 * the booking, inserts each ticket by itself, updates the event and the booking, and commits: 6 round trips and one
 * for each ticket. On the same tables as Karcis, in a database of its own.
 */
const pool_size = 25

type Event = { available_seat: number; price: number }
type Book = (input: BookingInput) => Promise<number | 'refused'>

const lockEvent = 'select available_seat, price from event where id = ?'
const insertBooking =
  'insert into booking (customer_id, event_id, quantity, total_price, status, created_at, updated_at) ' +
  "values (?, ?, ?, ?, 'pending', ?, ?)"
const insertTicket =
  'insert into ticket (booking_id, holder_name, ticket_code, status, created_at, updated_at) ' +
  "values (?, ?, ?, 'unused', ?, ?)"
const updateEvent = 'update event set available_seat = available_seat - ?, updated_at = ? where id = ?'
const updateBooking = "update booking set status = 'success', updated_at = ? where id = ?"

const now = () => new Date().toISOString().slice(0, 23).replace('T', ' ')
const newCode = () => randomBytes(4).toString('hex')

function bookOnMysql(url: string): Book {
  const pool = createPool({ uri: url, connectionLimit: pool_size })
  return async ({ customer_id, event_id, quantity, holder_names }) => {
    const connection = await pool.getConnection()
    try {
      const at = now()
      await connection.beginTransaction()
      const [rows] = await connection.execute<(Event & RowDataPacket)[]>(`${lockEvent} for update`, [event_id])
      const event = rows[0]
      if (!event || event.available_seat < quantity) {
        await connection.rollback()
        return 'refused'
      }
      const booking = [customer_id, event_id, quantity, event.price * quantity, at, at]
      const [{ insertId }] = await connection.execute<ResultSetHeader>(insertBooking, booking)
      for (let index = 0; index < quantity; index++) {
        const holder = holder_names?.[index] ?? `Ticket ${index + 1}`
        await connection.execute(insertTicket, [insertId, holder, newCode(), at, at])
      }
      await connection.execute(updateEvent, [quantity, at, event_id])
      await connection.execute(updateBooking, [at, insertId])
      await connection.commit()
      return insertId
    } catch (error) {
      await connection.rollback()
      throw error
    } finally {
      connection.release()
    }
  }
}

function bookOnSqlite(file: string): Book {
  const db = new DatabaseSync(file)
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on')
  const statement = {
    lockEvent: db.prepare(lockEvent),
    insertBooking: db.prepare(insertBooking),
    insertTicket: db.prepare(insertTicket),
    updateEvent: db.prepare(updateEvent),
    updateBooking: db.prepare(updateBooking),
  }
  return async ({ customer_id, event_id, quantity, holder_names }) => {
    const at = now()
    db.exec('begin immediate')
    try {
      const event = statement.lockEvent.get(event_id) as Event | undefined
      if (!event || event.available_seat < quantity) {
        db.exec('rollback')
        return 'refused'
      }
      const total_price = event.price * quantity
      const { lastInsertRowid } = statement.insertBooking.run(customer_id, event_id, quantity, total_price, at, at)
      for (let index = 0; index < quantity; index++) {
        const holder = holder_names?.[index] ?? `Ticket ${index + 1}`
        statement.insertTicket.run(lastInsertRowid, holder, newCode(), at, at)
      }
      statement.updateEvent.run(quantity, at, event_id)
      statement.updateBooking.run(at, lastInsertRowid)
      db.exec('commit')
      return Number(lastInsertRowid)
    } catch (error) {
      if (db.isTransaction) db.exec('rollback')
      throw error
    }
  }
}

const url = process.env['DATABASE_URL'] ?? ''
const book = url.startsWith('sqlite:') ? bookOnSqlite(url.slice('sqlite:'.length)) : bookOnMysql(url)

process.on('disconnect', () => process.exit())

const app = fastify()
app.post<{ Body: BookingInput }>('/api/v1/bookings', { schema: { body: bookingBody } }, async ({ body }, reply) => {
  const id = await book(body)
  if (id === 'refused') return reply.code(409).send({ success: false, error: 'not enough seats available' })
  const { customer_id, event_id, quantity } = body
  const data = { id, customer_id, event_id, quantity, status: 'success' }
  return reply.code(201).send({ success: true, message: 'booking created successfully', data })
})
await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
