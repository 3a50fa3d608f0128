import { connect, type Socket } from 'node:net'
import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from './books.ts'
import type { NumberRange, Outcome, Plan, Request } from './load.ts'
import { tokensOf, type TicketKey } from './ticket-proofs.ts'

/*
 * A small HTTP/1.1 client on plain sockets: one request at a time on each connection, which stays open; of an
 * answer it reads the status and the length. A request costs it about 25 µs, where autocannon takes 35 to 50,
 * more than a bare Fastify does: with that one the bench would measure its own client.
 */

const connecting_max = 100
/** How long answers may still take to come when the time is up. */
const drain_ms_max = 120_000
const tick_ms = 1
const head_bytes_max = 8_192

type Connection = {
  socket: Socket
  /** When its request was sent, or should have been. */
  since: number
  busy: boolean
  /** The beginning of an answer whose head has not come whole. */
  head: string
  status: number
  /** Bytes of the body that are still to come. */
  missing: number
}

process.on('message', ({ id, plan }: { id: number; plan: Plan }) => {
  run(plan).then(
    (outcome) => process.send?.({ id, outcome }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())
// Ctrl-C reaches the whole group; the bench stops this process when it has stopped the servers.
process.on('SIGINT', () => {})

async function run(plan: Plan): Promise<Outcome> {
  const { connections, seconds, warm_s, rate, requests_max = Infinity } = plan
  const write = requestWriter(plan.request, new URL(plan.urls[0]!).host, plan)
  const counted = new Set(plan.counted)
  const latency = createHistogram()
  const statuses: Record<string, number> = {}
  const all: Connection[] = []
  const idle: Connection[] = []
  /** Open loop: when the requests were due that no connection was free for. */
  const overdue: number[] = []
  let overdueFirst = 0
  const count = { sent: 0, answered: 0, done: 0, errors: 0 }
  let begin = 0
  let end = 0
  let lastAnswer = 0

  const record = (ms: number) => latency.record(Math.max(1, Math.round(ms * 1_000)))

  function send(connection: Connection, since: number): void {
    count.sent++
    connection.busy = true
    connection.since = since
    connection.socket.write(write(), 'latin1')
  }

  function next(connection: Connection, now: number): void {
    if (now >= end || count.sent >= requests_max) return
    if (rate === undefined) return send(connection, now)
    if (overdueFirst < overdue.length) send(connection, overdue[overdueFirst++]!)
    else idle.push(connection)
  }

  function onAnswer(connection: Connection): void {
    const now = performance.now()
    count.answered++
    connection.busy = false
    statuses[connection.status] = (statuses[connection.status] ?? 0) + 1
    lastAnswer = now
    if (now >= begin) {
      record(now - connection.since)
      if (now <= end && counted.has(connection.status)) count.done++
    }
    next(connection, now)
  }

  function onLost(connection: Connection): void {
    if (!connection.busy && performance.now() >= end) return
    count.errors++
    if (connection.busy) count.answered++
    connection.busy = false
    const at = idle.indexOf(connection)
    if (at >= 0) idle.splice(at, 1)
  }

  while (all.length < connections) {
    const some = Array.from({ length: Math.min(connecting_max, connections - all.length) }, (_, index) =>
      open(new URL(plan.urls[(all.length + index) % plan.urls.length]!), onAnswer, onLost),
    )
    all.push(...(await Promise.all(some)))
  }

  const start = performance.now()
  begin = start + warm_s * 1_000
  end = begin + seconds * 1_000
  if (rate === undefined) for (const connection of all) next(connection, start)
  else {
    idle.push(...all)
    // A timer is a millisecond coarse. Latency counts from when a request was due, so that shows as latency too.
    for (let due = start; performance.now() < end && count.sent < requests_max; await sleep(tick_ms)) {
      for (const now = performance.now(); due <= now && due < end; due += 1_000 / rate) {
        const free = idle.pop()
        if (free) send(free, due)
        else overdue.push(due)
      }
    }
  }
  while (performance.now() < end && count.answered < requests_max) await sleep(tick_ms * 5)
  // What was never sent has waited at least until now.
  for (const due of overdue.slice(overdueFirst)) record(performance.now() - due)
  for (
    const deadline = performance.now() + drain_ms_max;
    count.answered < count.sent && performance.now() < deadline;
  ) {
    await sleep(tick_ms * 5)
  }
  count.errors += count.sent - count.answered
  // From here on a closed connection is no loss.
  end = 0
  for (const { socket } of all) socket.destroy()

  const until = count.sent >= requests_max ? Math.min(lastAnswer, begin + seconds * 1_000) : begin + seconds * 1_000
  return {
    rate: count.done / Math.max(0.001, (until - begin) / 1_000),
    elapsed_s: (lastAnswer - start) / 1_000,
    p50_ms: latency.percentile(50) / 1_000,
    p99_ms: latency.percentile(99) / 1_000,
    max_ms: latency.max / 1_000,
    statuses,
    errors: count.errors,
  }
}

/** Everything is read into one buffer: what is in it is used up before the next read. */
const buffer = Buffer.allocUnsafe(64 * 1_024)

async function open(
  url: URL,
  onAnswer: (connection: Connection) => void,
  onLost: (connection: Connection) => void,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: url.hostname,
      port: Number(url.port),
      noDelay: true,
      onread: {
        buffer,
        callback: (length) => {
          if (read(connection, length)) onAnswer(connection)
          return true
        },
      },
    })
    const connection: Connection = { socket, since: 0, busy: false, head: '', status: 0, missing: 0 }
    socket.once('connect', () => resolve(connection))
    socket.on('error', reject)
    socket.on('close', () => onLost(connection))
  })
}

/** Takes what is in the buffer; true when the answer is whole. */
function read(connection: Connection, length: number): boolean {
  if (connection.missing > 0) {
    connection.missing -= length
    return connection.missing <= 0
  }
  const had = connection.head.length
  const head = connection.head + buffer.toString('latin1', 0, Math.min(length, head_bytes_max))
  const headEnd = head.indexOf('\r\n\r\n')
  if (headEnd < 0) {
    if (head.length > head_bytes_max) connection.socket.destroy(new Error('an endless head'))
    connection.head = head
    return false
  }
  const status = Number(head.slice(9, 12))
  // It has no body, and need not say so.
  const size = status === 304 ? ['', '0'] : /\r\ncontent-length: *(\d+)/i.exec(head)
  if (!size) {
    connection.socket.destroy(new Error('an answer without content-length'))
    return false
  }
  connection.head = ''
  connection.status = status
  connection.missing = headEnd + 4 + Number(size[1]) - had - length
  return connection.missing <= 0
}

/** Gives the bytes of one request after the other. */
function requestWriter(
  { method, path, body, known, numbers = {} }: Request,
  host: string,
  { tokens, ticketKey }: Pick<Plan, 'tokens' | 'ticketKey'>,
): () => string {
  const draws = Object.entries(numbers).map(([name, range]) => ({ name, draw: shower(range, ticketKey) }))
  const drawn: Record<string, number | string> = {}
  const fill = (text: string) => {
    // Odd parts are names: 'a{n}b' → a, n, b.
    const parts = text.split(/[{](\w+)[}]/)
    return () => {
      let filled = parts[0]!
      for (let index = 1; index < parts.length; index += 2) filled += `${drawn[parts[index]!]!}${parts[index + 1]!}`
      return filled
    }
  }
  const fillPath = fill(path)
  const fillBody = body === undefined ? undefined : fill(body)
  const headers = ` HTTP/1.1\r\nhost: ${host}\r\n${known === undefined ? '' : `if-none-match: ${known}\r\n`}`
  return () => {
    for (const { name, draw } of draws) drawn[name] = draw()
    const credentials = tokens ? `authorization: Bearer ${tokens[Number(drawn['caller'])]}\r\n` : ''
    const start = `${method} ${fillPath()}${headers}${credentials}`
    if (!fillBody) return `${start}\r\n`
    const text = fillBody()
    return `${start}content-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`
  }
}

/** What stands for each number that is drawn. */
function shower(range: NumberRange, key: TicketKey): () => number | string {
  const draw = drawer(range)
  const { from, to, shown } = range
  if (shown === undefined) return draw
  if (shown === 'code') return () => codeOf(draw())
  const tokens = tokensOf(key, shown.token_for, from, to)
  return () => tokens[draw() - from]!
}

function drawer({ from, to, order }: NumberRange): () => number {
  let last = from - 1
  return order === 'rising' ? () => ++last : () => from + Math.floor(Math.random() * (to - from + 1))
}
