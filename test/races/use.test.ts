import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { raceGround } from './race-ground.ts'

const { make, call, close } = await raceGround()
after(close)

test('many doors, one ticket: exactly one lets it in', async () => {
  for (let round = 0; round < 10; round++) {
    const { id } = await make.aBooking()
    const { body } = await call(0, 'GET', `/bookings/${id}`)
    const ticket = body.data.tickets[0].id
    const scans = await Promise.all(Array.from({ length: 20 }, (_, n) => call(n, 'PUT', `/tickets/${ticket}/use`)))
    assert.equal(scans.filter(({ status }) => status === 200).length, 1)
    for (const { status, body } of scans) {
      if (status !== 200) assert.deepEqual([status, body.error], [400, 'ticket has already been used'])
    }
  }
})
