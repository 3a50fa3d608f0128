import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { fakeMidtrans } from '../../test/fakes/midtrans.ts'
import { factories } from '../../test/support/factories.ts'
import { startCollector, type CollectedSpan } from '../../test/support/otlp-collector.ts'
import { password, people } from '../../test/support/people.ts'
import { startSelling } from '../../test/support/selling.ts'
import { traceBy, traced, traceId, traceparent } from '../lib/tracing.ts'
import { openTracing } from './open-tracing.ts'

const settings = { service_name: 'karcis-test', sampler: 'parentbased_always_on', ratio: 1 } as const
const trace_id = '0af7651916cd43dd8448eb211c80319c'
const from = `00-${trace_id}-b7ad6b7169203331-01`

const collector = await startCollector()
after(collector.stop)
const { tracer, close } = openTracing({ ...settings, endpoint: collector.url })
// Before the database and the server open, as in a process of its own.
traceBy(tracer)
const fake = await fakeMidtrans()
after(fake.stop)
const started = await startSelling(() => [fake.provider({ sleep: async () => {} })])
const { app, deps, work } = started
const url = await app.listen({ port: 0, host: '127.0.0.1' })

test('one trace leads from a request over its SQL and its message to the handler, the provider and the mail', async () => {
  const { signedIn } = people(started)
  const organizer = await signedIn('organizer')
  const customer = await signedIn('customer')
  const event = await factories(deps).anEvent({ organizer_id: organizer.id, price: 150_000 })
  const post = async (path: string, body: unknown, headers = {}) => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', traceparent: from, ...customer.headers, ...headers },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json()) as { id: number } }
  }
  const booked = await post('/api/v2/bookings', { event_id: event.id, quantity: 2 })
  assert.equal(booked.status, 201)
  const opened = await post(`/api/v2/bookings/${booked.body.id}/payments`, {})
  assert.equal(opened.status, 201)
  const { attempt_key } = await deps.database.db.selectFrom('payment').select('attempt_key').executeTakeFirstOrThrow()
  fake.pay(attempt_key)
  const webhook = fake.webhook(attempt_key)
  const headers = { ...webhook.headers, traceparent: from }
  const told = await fetch(`${url}/api/v2/webhooks/midtrans`, {
    method: 'POST',
    headers,
    body: new Uint8Array(webhook.body),
  })
  assert.equal(told.status, 200)
  await post('/auth/login', { email: customer.email, password })
  await work()
  await close()

  const ours = collector.spans.filter((span) => span.traceId === trace_id)
  const booking = named(ours, 'POST /api/v2/bookings')
  const kept = named(ours, 'SQL group', ({ attributes }) => JSON.stringify(attributes).includes('insert booking'))
  const group = named(ours, 'group', ({ spanId }) => spanId === kept.parentSpanId)
  assert.equal(group.parentSpanId, booking.spanId)
  const mailing = named(ours, 'outbox mail_bookings')
  assert.equal(mailing.parentSpanId, group.spanId)
  const notice = named(ours, 'POST /api/v2/webhooks/:provider')
  const handler = named(ours, 'outbox apply_notice', under(notice))
  // What pays for a booking puts its mail there.
  const mail = named(ours, 'mail booking_confirmed')
  const sending = named(ours, 'outbox send_mail', ({ spanId }) => spanId === mail.parentSpanId)
  assert.equal(sending.parentSpanId, handler.spanId)
  assert.ok(named(ours, 'provider midtrans', under(handler)))
  assert.ok(named(ours, /^SQL (select|update)$/, under(handler)))
  const opening = named(ours, 'POST /api/v2/bookings/:id/payments')
  assert.ok(named(ours, 'provider midtrans', under(opening)))
  // After a body, too, and after a wait for the database.
  assert.ok(named(ours, 'SQL insert', under(opening)))

  assert.ok(fake.requests.length > 0)
  for (const request of fake.requests) assert.equal(request.headers['traceparent'], undefined)
  const everything = collector.bodies.join('\n')
  const { ticket_code } = await deps.database.db.selectFrom('ticket').select('ticket_code').executeTakeFirstOrThrow()
  const token = customer.headers['authorization']!.slice('Bearer '.length)
  for (const secret of [token, password, '@', attempt_key, ticket_code, 'SB-Mid-server', 'Konser', 'customer 2']) {
    assert.equal(everything.includes(secret), false, `${secret} is in a span`)
  }
})

const named = (spans: CollectedSpan[], name: string | RegExp, fits: (span: CollectedSpan) => boolean = () => true) => {
  const found = spans.find(
    (span) => (typeof name === 'string' ? span.name === name : name.test(span.name)) && fits(span),
  )
  assert.ok(found, `no span ${name} among ${spans.map((span) => span.name).join(', ')}`)
  return found
}
const under =
  ({ spanId }: CollectedSpan) =>
  (span: CollectedSpan) =>
    span.parentSpanId === spanId

test('a collector that is not there holds up nobody, and the end waits for it two seconds at most', async () => {
  const lost = openTracing({ ...settings, endpoint: 'http://127.0.0.1:1' })
  traceBy(lost.tracer)
  const began_ms = performance.now()
  for (let n = 0; n < 5_000; n++) await traced('work', { n }, async () => assert.ok(traceparent()))
  assert.ok(performance.now() - began_ms < 5_000)
  const closing_ms = performance.now()
  await lost.close()
  assert.ok(performance.now() - closing_ms < 5_000)
})

for (const wrong of ['', 'x', `ff-${trace_id}-b7ad6b7169203331-01`, `00-${'0'.repeat(32)}-b7ad6b7169203331-01`]) {
  test(`a traceparent that is none begins a trace of its own: ${JSON.stringify(wrong)}`, async () => {
    const other = openTracing({ ...settings, endpoint: collector.url })
    const { trace_id: begun, end } = other.tracer.request(wrong)
    assert.match(begun, /^(?!0af76519)[\da-f]{32}$/)
    end('request', {}, false)
    await other.close()
  })
}

test('unless traces are wanted, work is called straight through', async () => {
  traceBy(undefined)
  assert.equal(await traced('work', {}, async () => traceId() ?? 'none'), 'none')
})
