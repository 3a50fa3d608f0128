import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { raceGround } from './race-ground.ts'

const { make, call, post, close } = await raceGround()
after(close)

test('one email registered many times at once becomes one account', async () => {
  const body = { name: 'Ani', password: 'password123', role: 'customer' }
  const answers = await Promise.all(
    Array.from({ length: 24 }, (_, n) => post(n, '/users/register', { ...body, email: n % 2 ? 'a@b.id' : 'A@B.ID' })),
  )
  assert.equal(answers.filter(({ status }) => status === 201).length, 1)
  assert.equal(answers.filter(({ status }) => status === 409).length, 23)
})

test('one email taken by many updates at once goes to one', async () => {
  const users = await Promise.all(Array.from({ length: 8 }, () => make.aCustomer()))
  const answers = await Promise.all(users.map(({ id }, n) => call(n, 'PUT', `/users/${id}`, { email: 'taken@b.id' })))
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  assert.equal(answers.filter(({ status }) => status === 409).length, 7)
})
