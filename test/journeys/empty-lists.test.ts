import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startApp } from '../support/app.ts'

const { call } = await startApp()

for (const list of ['users', 'events', 'bookings', 'tickets']) {
  test(`an empty list of ${list} is [], not null`, async () => {
    const { status, body } = await call('GET', `/${list}`)
    assert.equal(status, 200)
    assert.deepEqual(body, {
      success: true,
      message: `${list} retrieved successfully`,
      data: [],
      meta: { page: 1, limit: 50, has_more: false },
    })
  })
}
