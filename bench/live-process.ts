import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

/*
 * Clients that look on, on plain sockets: of a message they read no more than how many seats are left. 10,000 clients of
 * a library would take more than the server that is measured.
 */

export type Audience = Readonly<{ port: number; clients: number; events: number; addresses: number }>
/** For each number of seats that was told of an event: to how many clients, and when to the last of them. */
export type Heard = Readonly<Record<string, { clients: number; last_at: number }>>

const connecting_max = 100
/** What stands for a ping among texts. */
const ping = ''
const sockets: Socket[] = []
const heard = new Map<string, { clients: number; last_at: number }>()
let messages = 0
let lost = 0

/** Milliseconds by a clock that all processes of a machine share. */
const clock = () => performance.timeOrigin + performance.now()

process.on('message', (order: { open: Audience } | 'report') => {
  if (order === 'report') {
    process.send?.({ heard: Object.fromEntries(heard), messages, lost })
    heard.clear()
    messages = 0
    return
  }
  open(order.open).then(
    () => process.send?.('open'),
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {})

async function open({ port, clients, events, addresses }: Audience): Promise<void> {
  for (let first = 0; first < clients; first += connecting_max) {
    const some = Array.from({ length: Math.min(connecting_max, clients - first) }, (_, index) =>
      enter(port, 1 + ((first + index) % events), `127.0.0.${2 + ((first + index) % addresses)}`),
    )
    await Promise.all(some)
  }
}

/** Resolves when it has been sent where its event stands. */
async function enter(port: number, event: number, localAddress: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress, noDelay: true })
    sockets.push(socket)
    let rest: Buffer = Buffer.alloc(0)
    let isUpgraded = false
    socket.on('error', reject)
    socket.on('close', () => {
      lost++
      reject(new Error('the server closed a connection'))
    })
    socket.on('connect', () =>
      socket.write(
        `GET /live HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: upgrade\r\nupgrade: websocket\r\n` +
          `sec-websocket-version: 13\r\nsec-websocket-key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
      ),
    )
    socket.on('data', (chunk: Buffer) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      if (!isUpgraded) {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!rest.toString('latin1', 0, 12).endsWith('101')) return reject(new Error(rest.toString('latin1', 0, 300)))
        isUpgraded = true
        rest = rest.subarray(end + 4)
        socket.write(frame(JSON.stringify({ type: 'subscribe', channel: `event:${event}` })))
      }
      for (let text = take(); text !== undefined; text = take()) {
        if (text === ping) socket.write(frame('', 0x8a))
        if (!text.startsWith('{"type":"event"')) continue
        note(event, text)
        resolve()
      }
    })

    /** The next message that has come whole: unmasked, unfragmented, as servers send them. */
    function take(): string | undefined {
      if (rest.length < 2 || (rest[1] === 126 && rest.length < 4)) return undefined
      const short = rest[1]! & 0x7f
      const [head, length] = short === 126 ? [4, rest.readUInt16BE(2)] : [2, short]
      if (rest.length < head + length) return undefined
      // Enough for what is read of it.
      const text = rest[0] === 0x89 ? ping : rest.toString('latin1', head, head + Math.min(length, 400))
      rest = rest.subarray(head + length)
      return text
    }
  })
}

function note(event: number, text: string): void {
  messages++
  const key = `${event}: ${/"available_seat":(\d+)/.exec(text)![1]}`
  const one = heard.get(key)
  if (one) {
    one.clients++
    one.last_at = clock()
  } else heard.set(key, { clients: 1, last_at: clock() })
}

/** A short frame, masked as those of clients must be: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
function frame(text: string, first = 0x81): Buffer {
  const payload = Buffer.from(text)
  const mask = randomBytes(4)
  for (let index = 0; index < payload.length; index++) payload[index]! ^= mask[index % 4]!
  return Buffer.concat([Buffer.from([first, 0x80 | payload.length]), mask, payload])
}
