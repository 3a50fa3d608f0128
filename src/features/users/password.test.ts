import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verify } from '@node-rs/bcrypt'
import { assertPasswordFits, hashPassword } from './password.ts'

test('a password is hashed with bcrypt at cost 10, and verifies', async () => {
  const hash = await hashPassword('rahasia 🎫')
  assert.match(hash, /^\$2[aby]\$10\$.{53}$/)
  assert.equal(await verify('rahasia 🎫', hash), true)
  assert.equal(await verify('rahasia', hash), false)
})

test('what bcrypt would cut off is refused, counted in bytes', () => {
  assert.doesNotThrow(() => assertPasswordFits('x'.repeat(72)))
  assert.throws(() => assertPasswordFits('x'.repeat(73)), { code: 'password_too_long' })
  assert.throws(() => assertPasswordFits('é'.repeat(37)), { code: 'password_too_long' })
})

test('more than the bound at once are turned away, not queued', async () => {
  const answers = await Promise.allSettled(Array.from({ length: 210 }, () => hashPassword('password123')))
  const refused = answers.filter(({ status }) => status === 'rejected')
  assert.equal(refused.length, 10)
})
