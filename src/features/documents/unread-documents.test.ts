import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { test } from 'node:test'
import { unreadDocuments } from './unread-documents.ts'

const patient = { bytes_max: 1_000, stalled_ms_max: 5_000, read_ms_max: 5_000 }
const piece = (length: number, fill = 7) => new Uint8Array(length).fill(fill)

test('what was made is read in its order, however late', async () => {
  const keep = unreadDocuments(patient)
  let ended = 0
  const { stream, add } = keep(() => ended++)
  for (const n of [1, 2, 3]) add(piece(2, n))
  const read = buffer(stream)
  await wait(5)
  add(piece(1, 4))
  add(null)
  assert.deepEqual([...(await read)], [1, 1, 2, 2, 3, 3, 4])
  assert.equal(ended, 1)
})

test('beyond the bound who has been reading longest is cut off, and not who has read all', async () => {
  const keep = unreadDocuments(patient)
  const quick = keep(() => {})
  const all = buffer(quick.stream)
  quick.add(piece(100))
  const [slow, next] = [keep(() => {}), keep(() => {})]
  const cutOff = new Promise<Error>((resolve) => slow.stream.once('error', resolve))
  slow.add(piece(600))
  slow.add(piece(600))
  next.add(piece(600))
  next.add(piece(300))
  assert.match((await cutOff).message, /too slowly/)
  assert.deepEqual([quick.stream.destroyed, next.stream.destroyed], [false, false])
  quick.add(null)
  next.add(null)
  assert.equal((await all).length, 100)
  assert.equal((await buffer(next.stream)).length, 900)
})

test('who reads nothing of what is there is cut off, and who waits for more is not', async () => {
  const keep = unreadDocuments({ ...patient, stalled_ms_max: 40 })
  const [stalled, waiting] = [keep(() => {}), keep(() => {})]
  const error = new Promise<Error>((resolve) => stalled.stream.once('error', resolve))
  stalled.add(piece(10))
  const read = buffer(waiting.stream)
  assert.match((await error).message, /not read any further/)
  await wait(100)
  waiting.add(piece(10))
  waiting.add(null)
  assert.equal((await read).length, 10)
})

test('who trickles through it is cut off in the end', async () => {
  const keep = unreadDocuments({ ...patient, read_ms_max: 100 })
  const { stream, add } = keep(() => {})
  for (let n = 0; n < 100; n++) add(piece(1))
  await assert.rejects(async () => {
    for await (const read of stream) await wait(10 * (read as Buffer).length)
  }, /not read in time/)
})
