import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { groupQueue, type GroupQueueLimits, type Weight } from './group-queue.ts'

const limits = { length_max: 1_000, wait_ms_max: 5_000 }

test('a lone item goes at once; what arrives meanwhile goes together, in order', async () => {
  const groups: number[][] = []
  const queue = groupQueue<number, number>(async (items) => {
    groups.push(items)
    await sleep(5)
    return items.map((item) => item * 10)
  }, limits)
  const first = queue.join(1)
  while (groups.length === 0) await sleep(1)
  const rest = Promise.all([2, 3, 4].map((item) => queue.join(item)))
  assert.equal(await first, 10)
  assert.deepEqual(await rest, [20, 30, 40])
  assert.deepEqual(groups, [[1], [2, 3, 4]])
})

test('one that is refused is refused alone', async () => {
  const queue = groupQueue<number, number>(
    async (items) => items.map((item) => (item === 2 ? new Error('no') : item)),
    limits,
  )
  const results = await Promise.allSettled([1, 2, 3].map((item) => queue.join(item)))
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})

test('a commit that throws refuses its group, and the queue goes on', async () => {
  let broken = true
  const queue = groupQueue<number, number>(async (items) => {
    if (broken) throw new Error('down')
    return items
  }, limits)
  await assert.rejects(queue.join(1), /down/)
  broken = false
  assert.equal(await queue.join(2), 2)
})

test('no group is larger than 256 items, or heavier than its weight', async () => {
  const sizes: number[] = []
  const commit = async (items: number[]) => {
    sizes.push(items.length)
    return items
  }
  const queue = groupQueue<number, number>(commit, limits)
  await Promise.all(Array.from({ length: 600 }, (_, n) => queue.join(n)))
  assert.deepEqual(sizes, [256, 256, 88])

  sizes.length = 0
  const heavy = groupQueue<number, number>(commit, limits, { of: (item) => item, max: 10, waiting_max: 100 })
  await Promise.all([6, 4, 1, 50, 3].map((item) => heavy.join(item)))
  assert.deepEqual(sizes, [2, 1, 1, 1])
})

test('beyond its length, the next is refused at once, and memory stays bounded', async () => {
  const { queue, started, open } = gatedQueue({ length_max: 10, wait_ms_max: 5_000 })
  const first = queue.join(0)
  await started
  const waiting = Array.from({ length: 10 }, (_, n) => queue.join(n))
  await assert.rejects(queue.join(11), { code: 'server_busy' })
  open()
  await Promise.all([first, ...waiting])
})

test('beyond its weight, the next is refused at once; what has left makes room', async () => {
  const weight = { of: (item: number) => item, max: 10, waiting_max: 20 }
  const { queue, started, open } = gatedQueue({ length_max: 1_000, wait_ms_max: 5_000 }, weight)
  const first = queue.join(100)
  await started
  const waiting = [8, 8, 4].map((item) => queue.join(item))
  await assert.rejects(queue.join(1), { code: 'server_busy' })
  open()
  await Promise.all([first, ...waiting])
  assert.deepEqual(await Promise.all([19, 1].map((item) => queue.join(item))), [19, 1])
})

test('nobody waits longer than the limit while a group takes for ever', async () => {
  const { queue, started, open } = gatedQueue({ length_max: 10, wait_ms_max: 50 })
  const first = queue.join(0)
  await started
  await assert.rejects(queue.join(1), { code: 'server_busy' })
  open()
  assert.equal(await first, 0)
})

/** A queue whose groups are committed once the gate is opened; `started` is when the first one stands before it. */
function gatedQueue(limits: GroupQueueLimits, weight?: Weight<number>) {
  const { promise: started, resolve: start } = Promise.withResolvers<void>()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const queue = groupQueue<number, number>(
    async (items) => {
      start()
      await gate
      return items
    },
    limits,
    weight,
  )
  return { queue, started, open }
}
