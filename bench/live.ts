import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { customers, fillTables } from './books.ts'
import { createDatabase, dropDatabase } from './databases.ts'
import type { Heard } from './live-process.ts'
import type { Bench } from './measure.ts'
import type { Result } from './results.ts'
import { memoryOf, startKarcis, stop, type Server } from './servers.ts'

const changes_per_s = 10
const capacity = 1_000_000
/** An address may have so many connections, and no more. */
const clients_per_address = 1_000
/** So many changes one telling may have in it. */
const joined_max = 100
const settle_ms = 1_000
const told_all_ms = 5_000
/** What is promised. */
const told_ms_max = 250

/** `left` seats at `event`, and when that was kept at the latest. */
type Sale = { event: number; left: number; at: number }

/** Many who look on at events while tickets are sold: at one event, and each at another. */
export async function runLive(bench: Bench, isQuick: boolean): Promise<Result[]> {
  const clients = isQuick ? 500 : 10_000
  return [await lookOn(bench, clients, 1), await lookOn(bench, clients, clients / 10)]
}

async function lookOn({ serverUrl, say, database, settings, problems }: Bench, clients: number, events: number) {
  const where = events === 1 ? 'one event' : `${events.toLocaleString('en')} events`
  const name = `live: ${clients.toLocaleString('en')} look on at ${where}, ${changes_per_s} changes a second`
  say(`${database}: ${name}`)
  const made = await createDatabase(serverUrl, 'live')
  const sql = await made.open()
  await fillTables(sql, { events, capacity, tickets: 0 })
  await sql.close()
  const server = await startKarcis(made.url, 'off')
  const audience = fork(fileURLToPath(new URL('live-process.ts', import.meta.url)), { stdio: 'inherit' })
  try {
    await sell(server, 0, events)
    const empty = memoryOf(server)
    const port = Number(new URL(server.url).port)
    audience.send({ open: { port, clients, events, addresses: Math.ceil(clients / clients_per_address) } })
    const before = performance.now()
    await once(audience, 'message')
    const connected_s = (performance.now() - before) / 1_000
    await sleep(settle_ms)
    const full = memoryOf(server)
    await report(audience)

    const cpu = cpuOf(server)
    const start = performance.now()
    const sold: Sale[] = []
    const selling: Promise<void>[] = []
    const count = settings.seconds * changes_per_s * 2
    for (let n = 1; n <= count; n++) {
      await sleep(Math.max(0, start + (n * 1_000) / changes_per_s - performance.now()))
      selling.push(sell(server, n, events).then((one) => void sold.push(one)))
    }
    await Promise.all(selling)
    const elapsed_s = (performance.now() - start) / 1_000
    const used = (cpuOf(server) - cpu) / elapsed_s
    // Until the last has been told.
    await sleep(told_all_ms)
    const { heard, messages, lost } = await report(audience)
    if (lost > 0) problems.push(`${database}: ${name}: ${lost} connections were lost`)

    const waits: number[] = []
    let untold = 0
    for (const { event, left, at } of sold) {
      const told = lastToldOf(heard, event, left)
      if (told === undefined || told.clients < clients / events) untold++
      else waits.push(told.last_at - at)
    }
    if (untold > 0) problems.push(`${database}: ${name}: ${untold} changes were not told to all`)
    waits.sort((a, b) => a - b)
    const quantile = (share: number) => waits[Math.floor(share * (waits.length - 1))] ?? Infinity
    const kb = empty !== undefined && full !== undefined ? (full - empty) / clients / 1_024 : undefined
    const rate = messages / elapsed_s
    const karcis = { name: 'karcis', rate, rates: [rate], elapsed_s, p50_ms: quantile(0.5), p99_ms: quantile(0.99) }
    return {
      database,
      scenario: 'live',
      name,
      connections: clients,
      contenders: [
        { ...karcis, max_ms: waits.at(-1) ?? Infinity, ...(full !== undefined && { memory_mb: full / 2 ** 20 }) },
      ],
      ratios: {},
      notes: [
        `${kb?.toFixed(1) ?? '?'} KB a connection`,
        `${Math.round(used * 100)} % of a core`,
        `${Object.keys(heard).length} states of ${count} changes told`,
        `connected in ${connected_s.toFixed(1)} s`,
      ],
      goals: [{ text: `p99 ms ≤ ${told_ms_max}`, isMet: quantile(0.99) <= told_ms_max }],
      warnings: [],
    } satisfies Result
  } finally {
    audience.kill('SIGKILL')
    await stop(server)
    await dropDatabase(made)
  }
}

/** Sells the ticket with this number, at the events in turn. */
async function sell({ url }: Server, n: number, events: number): Promise<Sale> {
  const event = 1 + (n % events)
  const answer = await fetch(`${url}/api/v2/bookings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ event_id: event, customer_id: 1 + (n % customers), quantity: 1 }),
  })
  // By a clock that all processes of a machine share.
  const at = performance.timeOrigin + performance.now()
  if (answer.status !== 201) throw new Error(`a booking was answered ${answer.status}: ${await answer.text()}`)
  await answer.arrayBuffer()
  const sold = Math.floor(n / events) + 1
  return { event, left: capacity - sold, at }
}

/** When all were told of this state or, if it was joined with a later one, of that. */
function lastToldOf(heard: Heard, event: number, left: number): Heard[string] | undefined {
  for (let seats = left; seats > left - joined_max; seats--) {
    const told = heard[`${event}: ${seats}`]
    if (told) return told
  }
  return undefined
}

async function report(audience: ReturnType<typeof fork>): Promise<{ heard: Heard; messages: number; lost: number }> {
  const answered = once(audience, 'message')
  audience.send('report')
  return (await answered)[0] as { heard: Heard; messages: number; lost: number }
}

/** Seconds of a core that the process has used, where there is /proc. */
function cpuOf({ process }: Server): number {
  try {
    const fields = readFileSync(`/proc/${process.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ')
    // In hundredths: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    return (Number(fields[11]) + Number(fields[12])) / 100
  } catch {
    return NaN
  }
}
