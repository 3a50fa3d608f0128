import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTurns, type Turn } from './turns.ts'

const limits = { at_once_max: 2, each_max: 2, each_waiting_max: 2, waiting_max: 3, wait_ms_max: 50 }

test('who has their share waits, and others go first', async () => {
  const take = openTurns({ ...limits, at_once_max: 3 })
  const mine = [await take('me'), await take('me')]
  const third = take('me')
  const other = await take('other')
  for (const turn of mine) turn.endMaking()
  // Made and not read: the share is still taken.
  assert.equal(await Promise.race([third, Promise.resolve('waits')]), 'waits')
  mine[0]!.end()
  ;(await third).end()
  other.end()
})

test('a place is free when the document is made, and once, however often it is given back', async () => {
  const take = openTurns(limits)
  const [first, second] = [await take('a'), await take('b')]
  const waiting = [take('c'), take('d')]
  for (let again = 0; again < 3; again++) first.endMaking()
  const third = await waiting[0]!
  assert.equal(await Promise.race([waiting[1], Promise.resolve('waits')]), 'waits')
  for (const turn of [first, second, third] as Turn[]) turn.end()
  ;(await waiting[1]!).end()
})

test('beyond the line, and after too long in it, one is refused', async () => {
  const take = openTurns(limits)
  const turns = [await take('a'), await take('b')]
  const refused = { code: 'server_busy', retry_after_s: 5 }
  const waiting = ['c', 'c', 'd'].map((asker) => assert.rejects(take(asker), refused))
  await assert.rejects(take('c'), { code: 'too_many_requests' })
  await assert.rejects(take('e'), refused)
  await Promise.all(waiting)
  for (const turn of turns) turn.end()
  ;(await take('e')).end()
})
