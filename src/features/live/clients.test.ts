import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countClients } from './clients.ts'

const clients = () => countClients({ clients_max: 3, clients_per_address_max: 2 })

test('there are so many clients in all, and so many of an address', () => {
  const { enter, count } = clients()
  const leave = enter('192.0.2.1')
  enter('192.0.2.1')
  assert.throws(() => enter('192.0.2.1'), { code: 'too_many_requests' })
  enter('192.0.2.2')
  assert.throws(() => enter('192.0.2.3'), { code: 'server_busy' })
  assert.equal(count(), 3)
  leave()
  enter('192.0.2.1')
  assert.equal(count(), 3)
})

test('all addresses of one line are one', () => {
  const { enter } = clients()
  enter('2001:db8::1')
  enter('2001:db8::2')
  assert.throws(() => enter('2001:db8::3'), { code: 'too_many_requests' })
})

test('an account has fifty at most', () => {
  const { signIn } = clients()
  const leaving = Array.from({ length: 50 }, () => signIn(7))
  assert.throws(() => signIn(7), { code: 'too_many_requests' })
  signIn(8)
  leaving[0]!()
  signIn(7)
})
