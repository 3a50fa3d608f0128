import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, test } from 'node:test'
import { createEmptyDatabase } from '../../test/support/database.ts'
import { killLeftovers, startServer } from '../../test/support/servers.ts'

after(killLeftovers)
const { url, drop } = await createEmptyDatabase()
// In a process of its own: in one with its client, it would have read what is sent by then.
const server = await startServer(url)
after(async () => {
  await server.stop()
  await drop()
})

const size = 3 * 1024 * 1024
const rounds = 20

for (const path of ['/api/v1/bookings', '/api/v2/bookings']) {
  test(`who sends ${path} more than is taken can send it all, and is told why it was refused`, async () => {
    for (let round = 0; round < rounds; round++) {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
      let answer = ''
      let failed: Error | undefined
      socket.on('data', (chunk) => (answer += chunk.toString()))
      socket.on('error', (error) => (failed = error))
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${size}\r\n\r\n`,
      )
      socket.write(Buffer.alloc(size, ' '))
      // It fails by what is awaited here, too.
      await once(socket, 'close').catch(() => undefined)
      assert.equal(failed, undefined)
      assert.match(answer, /^HTTP\/1\.1 413 [^]*request body too large/)
    }
  })
}
