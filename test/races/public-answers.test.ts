import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { raceGround } from './race-ground.ts'

const { servers, make, call, post, close } = await raceGround()
after(close)

const storm_ms_max = 30_000
/** A second by the rule, and time for a machine that is busy. */
const elsewhere_ms_max = 5_000
const capacity = 100_000

test('in a storm of readers, who was answered sees their change on that server, and soon on all', async () => {
  const customer = await make.aCustomer()
  const events = [await make.anEvent({ capacity }), await make.anEvent({ capacity })]
  const until = performance.now() + storm_ms_max
  const isOver = () => (reads >= 150 && bookings >= 20 && changes >= 6) || performance.now() > until
  /** Of each event, seats whose booking each server has answered. */
  const answered = events.map(() => servers.map(() => 0))
  let [reads, bookings, changes] = [0, 0, 0]

  /** Looks at one event on one server, in each of the ways that lead to it. */
  async function look(index: number, server: number, way: number): Promise<{ available_seat: number; title: string }> {
    const { id } = events[index]!
    const path = [`/events/${id}`, `/api/v2/events/${id}`, '/events?limit=50', '/api/v2/events'][way % 4]!
    const sold = answered[index]![server]!
    const { status, body } = await call(server, 'GET', path)
    assert.equal(status, 200)
    const rows = [body.data ?? body.items ?? body].flat() as { id: number; available_seat: number; title: string }[]
    const row = rows.find((row) => row.id === id)!
    assert.ok(row.available_seat <= capacity - sold, `${path}: ${row.available_seat} left when ${sold} were sold`)
    reads++
    return row
  }
  async function reader(n: number): Promise<void> {
    for (let way = n; !isOver(); way++) await look(n % 2, n % servers.length, way)
  }
  async function customerOn(server: number): Promise<void> {
    for (let n = server; !isOver(); n++) {
      const index = n % 2
      const { status } = await post(server, '/bookings', {
        customer_id: customer.id,
        event_id: events[index]!.id,
        quantity: 1,
      })
      assert.equal(status, 201)
      answered[index]![server]!++
      bookings++
      await look(index, server, n)
    }
  }
  /** The only one who changes this event's words. */
  async function organizer(index: number): Promise<void> {
    for (let n = 0; !isOver(); n++) {
      const title = `Title ${n}`
      const change = { title, location: 'Jakarta' }
      const { status } = await call(n, 'PUT', `/events/${events[index]!.id}`, change)
      assert.equal(status, 200)
      changes++
      for (let way = 0; way < 4; way++) assert.equal((await look(index, n % servers.length, way)).title, title)
    }
  }
  await Promise.all([
    ...Array.from({ length: 9 }, (_, n) => reader(n)),
    ...servers.map((_, server) => customerOn(server)),
    ...events.map((_, index) => organizer(index)),
  ])
  for (const [index] of events.entries()) {
    const left = capacity - answered[index]!.reduce((sum, count) => sum + count, 0)
    for (const [server] of servers.entries()) {
      for (let way = 0; way < 4; way++) {
        const start = performance.now()
        while ((await look(index, server, way)).available_seat !== left) {
          assert.ok(performance.now() - start < elsewhere_ms_max, `server ${server} does not show ${left} seats`)
          await sleep(50)
        }
      }
    }
  }
})
