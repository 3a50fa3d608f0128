import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { test } from 'node:test'
import * as ws from 'ws'
import { textFrame } from './message-text.ts'

// The types of `ws` leave it out.
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable }

for (const length of [0, 1, 125, 126, 65_535, 65_536, 200_000]) {
  test(`a text of ${length} bytes is one frame that a client reads as it was`, async () => {
    const payload = Buffer.alloc(length, 'x')
    const receiver = new Receiver({ isServer: false })
    const message = once(receiver, 'message')
    receiver.write(textFrame(payload))
    assert.deepEqual(await message, [payload, false])
  })
}
