import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { startApp } from '../../test/support/app.ts'
import { factories } from '../../test/support/factories.ts'
import { openDatabase } from '../db/database.ts'
import { databaseTargetFromUrl } from '../config.ts'
import { eventLabel, recordTo, watchTotal } from '../lib/metrics.ts'
import { series } from '../lib/series.ts'
import { watchDatabase } from './database-gauges.ts'
import { startMetricsServer } from './metrics-server.ts'
import { openMetrics } from './prometheus.ts'

const metrics = openMetrics()
// Before the database opens, as in a server.
recordTo(metrics.recorder)
const token = 'a-token-of-this-test'
const { app, deps } = await startApp({}, { metrics: { token, type: metrics.type, text: metrics.text } })
const { aCustomer, anEvent } = factories(deps)
// Requests are counted when their connection is done with them: what is injected has none.
const url = await app.listen({ port: 0, host: '127.0.0.1' })
const book = async (body: object) => {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(`${url}/bookings`, { method: 'POST', headers, body: JSON.stringify(body) })).status
}
beforeEach(() => recordTo(metrics.recorder))

const valueOf = (text: string, line: string) => {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `))
  return found === undefined ? undefined : Number(found.slice(line.length + 1))
}

test('/metrics is for who has the token, and what happened is in it', async () => {
  const { id: customer_id } = await aCustomer()
  const { id: event_id } = await anEvent()
  assert.equal(await book({ customer_id, event_id, quantity: 3 }), 201)
  assert.equal(await book({ customer_id, event_id: 999, quantity: 3 }), 404)

  const scrape = (authorization: string) => app.inject({ url: '/metrics', headers: { authorization } })
  assert.equal((await app.inject('/metrics')).statusCode, 401)
  for (const wrong of ['Bearer a-token-of-this-tesT', 'Bearer x', 'Basic a-token-of-this-test']) {
    assert.equal((await scrape(wrong)).statusCode, 401)
  }
  const { statusCode, body: text, headers } = await scrape(`Bearer ${token}`)
  assert.equal(statusCode, 200)
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/)
  assert.equal(valueOf(text, `karcis_tickets_sold_total{event="${event_id}"}`), 3)
  assert.equal(valueOf(text, 'karcis_refusals_total{code="event_not_found"}'), 1)
  assert.ok(valueOf(text, 'karcis_queue_group_size_count{queue="bookings"}')! >= 1)
  assert.equal(valueOf(text, 'karcis_queue_waiting{queue="bookings"}'), 0)
  assert.ok(valueOf(text, 'karcis_database_statement_seconds_count{kind="group"}')! >= 1)
  const route = 'route="/bookings",method="POST",status="2xx"'
  assert.equal(valueOf(text, `karcis_http_request_duration_seconds_count{${route}}`), 1)
  assert.ok(valueOf(text, 'karcis_http_requests_in_flight')! >= 1)
  assert.ok(valueOf(text, 'nodejs_eventloop_lag_p99_seconds')! >= 0)
})

test('what others count is read when somebody asks, and only grows', async () => {
  let reads = 7
  watchTotal('karcis_cache_requests_total', { found: 'redis' }, () => reads)
  assert.equal(valueOf(await metrics.text(), 'karcis_cache_requests_total{found="redis"}'), 7)
  reads = 9
  assert.equal(valueOf(await metrics.text(), 'karcis_cache_requests_total{found="redis"}'), 9)
})

test('names and units keep to the conventions, and labels never come from outside', async () => {
  for (const [name, { kind, help }] of Object.entries(series)) {
    assert.equal(name.endsWith('_total'), kind === 'counter', name)
    if (kind === 'histogram') assert.match(name, /_(seconds|size)$/)
    assert.ok(help.length > 10)
  }
  for (let n = 0; n < 20; n++) assert.equal((await fetch(`${url}/nothing/${n}`)).status, 404)
  const text = await metrics.text()
  assert.equal(text.includes('/nothing/'), false)
  assert.equal(valueOf(text, 'karcis_http_request_duration_seconds_count{route="none",method="GET",status="4xx"}'), 20)
})

test('fifty events have a label of their own, and keep it while they sell', async () => {
  recordTo(metrics.recorder)
  const later_ms = 700_000
  for (let id = 1; id <= 50; id++) assert.equal(eventLabel(id, 0), String(id))
  assert.equal(eventLabel(51, 1_000), 'other')
  for (let id = 2; id <= 50; id++) assert.equal(eventLabel(id, later_ms), String(id))
  metrics.recorder.count('karcis_tickets_sold_total', { event: '1' }, 7)
  assert.equal(eventLabel(51, later_ms), '51')
  assert.equal(eventLabel(1, later_ms), 'other')
  assert.equal(valueOf(await metrics.text(), 'karcis_tickets_sold_total{event="1"}'), undefined)
})

test('what the database knows is read at most every ten seconds', async () => {
  watchDatabase(deps)
  const { db } = deps.database
  const message = { dedup_key: 'm', payload: '{}', last_error: null, created_at: '2024-01-01 00:00:00.000' }
  await deps.database.writer
    .insertInto('outbox')
    .values([
      { ...message, kind: 'send_refund', run_at: '2024-01-01 00:00:00.000', dead_at: null },
      { ...message, kind: 'send_mail', run_at: null, dead_at: '2024-01-01 00:00:00.000' },
    ])
    .execute()
  const text = await metrics.text()
  assert.equal(valueOf(text, 'karcis_database_up'), 1)
  assert.equal(valueOf(text, 'karcis_outbox_waiting{lane="payments"}'), 1)
  assert.ok(valueOf(text, 'karcis_outbox_oldest_due_seconds{lane="payments"}')! > 86_400)
  assert.equal(valueOf(text, 'karcis_outbox_dead'), 1)
  await deps.database.writer.deleteFrom('outbox').execute()
  assert.equal((await db.selectFrom('outbox').select('id').execute()).length, 0)
  assert.equal(valueOf(await metrics.text(), 'karcis_outbox_dead'), 1, 'the same reading')
})

test('without a database, the metrics say so', async () => {
  const { createEmptyDatabase } = await import('../../test/support/database.ts')
  const { url, drop } = await createEmptyDatabase()
  const database = await openDatabase(databaseTargetFromUrl(url), 1)
  await database.close()
  await drop()
  watchDatabase({ database, now: () => new Date() })
  const text = await metrics.text()
  assert.equal(valueOf(text, 'karcis_database_up'), 0)
  assert.equal(valueOf(text, 'karcis_outbox_dead'), undefined)
  assert.ok(text.includes('karcis_queue_group_size_bucket'))
})

test('a port of its own answers GET /metrics and nothing else', async () => {
  const server = await startMetricsServer(metrics, 0, '127.0.0.1')
  after(server.close)
  const ask = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method })
  const answer = await ask('/metrics')
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /^# TYPE karcis_http_request_duration_seconds histogram$/m)
  assert.equal((await ask('/bookings')).status, 404)
  assert.equal((await ask('/metrics', 'POST')).status, 405)
})

test('without metrics nothing is kept, and there is no /metrics', async () => {
  recordTo(undefined)
  const plain = await startApp()
  assert.equal((await plain.app.inject('/metrics')).statusCode, 404)
  assert.equal(eventLabel(1), 'other')
})
