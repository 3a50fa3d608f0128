import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { changeSignal } from '../db/changes.ts'
import { eventTag, event_lists, hashed, openPublicAnswers } from './public-answers.ts'

const changed = (...events: number[]) => ({ events, bookings: [], check_ins: [], mails: [] })

/** Answers over a signal of this process and one of others, and how often something was read. */
function opened() {
  const [here, elsewhere] = [changeSignal(), changeSignal()]
  const state = { reads: 0, listening: 0 }
  const answers = openPublicAnswers({ changes: here }, undefined, (listener) => {
    state.listening++
    const end = elsewhere.listen(listener)
    return () => {
      state.listening--
      end()
    }
  })
  const get = async (tag: string, name: string) => answers.get(tag, name, async () => hashed(`${++state.reads}`))
  return { here, elsewhere, state, answers, get }
}

test('what changes here or elsewhere drops the pages of its events and every list, and nothing else', async () => {
  const { here, elsewhere, state, answers, get } = opened()
  const long = 'x'.repeat(500)
  const readAll = async () => {
    const before = state.reads
    await get(eventTag(1), 'one')
    await get(eventTag(2), 'two')
    await get(event_lists, long)
    return state.reads - before
  }
  assert.deepEqual([await readAll(), await readAll()], [3, 0])
  for (const signal of [here, elsewhere]) {
    signal.tell(changed(1, 3))
    assert.deepEqual([await readAll(), await readAll()], [2, 0])
    signal.tell({ ...changed(), check_ins: [1], mails: [[1, 1]] })
    assert.equal(await readAll(), 0)
  }
  answers.close()
})

test('others are listened to while pages are read, and for a while after', async () => {
  mock.timers.enable({ apis: ['setInterval'] })
  const { state, answers, get } = opened()
  assert.equal(state.listening, 0)
  await get(eventTag(1), 'one')
  await get(eventTag(1), 'one')
  assert.equal(state.listening, 1)
  mock.timers.tick(60_000)
  assert.equal(state.listening, 1)
  mock.timers.tick(60_000)
  assert.equal(state.listening, 0)
  await get(eventTag(1), 'one')
  assert.equal(state.listening, 1)
  answers.close()
  assert.equal(state.listening, 0)
  mock.timers.reset()
})
