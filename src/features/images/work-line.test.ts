import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DomainError } from '../../lib/errors.ts'
import { workLine } from './work-line.ts'

test('so many run at once, so many wait for their turn, and one more is refused', async () => {
  const line = workLine({ running_max: 2, waiting_max: 3 })
  const ends: (() => void)[] = []
  const begun: number[] = []
  let [running, most] = [0, 0]
  const run = (n: number) =>
    line(async () => {
      begun.push(n)
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => ends.push(resolve))
      running--
      if (n === 1) throw new Error('one that fails hands on its place, too')
    }).catch((error: Error) => error)
  const all = [0, 1, 2, 3, 4].map(run)
  const refused = await run(5)
  assert.ok(refused instanceof DomainError && refused.code === 'server_busy' && refused.retry_after_s === 5)
  while (ends.length < 5) {
    ends.at(-1)?.()
    for (const end of ends) end()
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (const end of ends) end()
  await Promise.all(all)
  assert.deepEqual([begun, most, running], [[0, 1, 2, 3, 4], 2, 0])
  assert.equal(await line(async () => 'free again'), 'free again')
})
