import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { statusOf, type ErrorCode } from '../../src/lib/errors.ts'
import { startApp, type Answer, type TestApp } from '../support/app.ts'
import { assertBooksBalance } from '../support/books.ts'
import { factories } from '../support/factories.ts'
import { oddRequests, remembered, type Described, type OddRequest } from '../support/odd-requests.ts'
import { people, type Person } from '../support/people.ts'

/** `KARCIS_FUZZ_SEED=123` repeats a run, `KARCIS_FUZZ_RUNS=20000` makes a long one. */
const seed = Number(process.env['KARCIS_FUZZ_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const runs = Number(process.env['KARCIS_FUZZ_RUNS'] ?? 1_500)
const answer_ms_max = 10_000
/** Fewer would mean that what is sent is refused at the door, and nothing behind it is tried. */
const success_share_min = 0.05

const roles = ['customer', 'organizer', 'staff', 'admin'] as const
const oddCredentials = [
  '',
  'Bearer',
  'Bearer x',
  'Bearer a.b.c',
  'Basic eDp5',
  `Bearer ${'x'.repeat(5_000)}`,
  'bearer  ~',
]
type Asker = (typeof roles)[number] | 'visitor' | 'key' | `odd ${number}`

/** Longer than wrong passwords are held against an address. */
const forgiven_ms = 16 * 60_000
let ahead_ms = 0

for (const auth of ['on', 'off'] as const) {
  const started = await startApp({ now: () => new Date(Date.now() + ahead_ms) }, { auth })
  const documents = { v1: started.app.swagger(), v2: started.app.swaggerV2() } as unknown as Record<string, Described>
  for (const [version, document] of Object.entries(documents)) {
    const who = auth === 'on' ? 'whoever asks' : 'without accounts'
    test(`nothing that is asked of ${version} breaks the server, ${who} (seed ${seed})`, async (t) => {
      const counts = await bombard(started, document, auth)
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0)
      const good = Object.entries(counts).reduce((sum, [status, count]) => sum + (Number(status) < 400 ? count : 0), 0)
      t.diagnostic(`answers by status: ${JSON.stringify(counts)}`)
      assert.ok(good / total > success_share_min, `${good} of ${total} requests went through`)
      await assertBooksBalance(started.deps.database.db)
    })
  }
}

async function bombard(started: TestApp, document: Described, auth: 'on' | 'off'): Promise<Record<number, number>> {
  const askers = await openAskers(started, auth)
  const { anEvent, aBooking } = factories(started.deps)
  for (let n = 0; n < 3; n++) await aBooking({ event_id: (await anEvent()).id, quantity: 2 })
  const seen: Record<string, string> = {}
  const counts: Record<number, number> = {}

  const property = fc.asyncProperty(oddRequests(document), askers.arbitrary, async (request, asker) => {
    const credentials = await askers.headersOf(asker)
    const answer = await inTime(request, () => send(started, request, credentials, seen))
    counts[answer.status] = (counts[answer.status] ?? 0) + 1
    assertAnswered(request, answer)
    if (answer.status === 401 && !/\/auth\/(login|refresh)/.test(request.path)) askers.renew(asker)
    const { etag } = answer.headers as { etag?: string }
    if (etag !== undefined) seen[remembered.tag] = etag
    const next = (answer.body as { next_cursor?: string } | undefined)?.next_cursor
    if (next) seen[remembered.cursor] = next
  })
  await fc.assert(property, { seed, numRuns: runs, interruptAfterTimeLimit: 60_000 })
  return counts
}

function send(
  { call }: TestApp,
  request: OddRequest,
  credentials: Record<string, string>,
  seen: Record<string, string>,
) {
  const recall = (text: string) =>
    Object.values(remembered).reduce((recalled, name) => recalled.replace(name, seen[name] ?? name), text)
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, recall(value)]))
  return call(request.method, recall(request.path), request.body, { ...headers, ...credentials })
}

async function inTime(request: OddRequest, work: () => Promise<Answer>): Promise<Answer> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    const tooLate = () => reject(new Error(`no answer to ${request.method} ${request.path}`))
    timer = setTimeout(tooLate, answer_ms_max)
  })
  return Promise.race([work(), late]).finally(() => clearTimeout(timer))
}

/** What `call` does not look at: no failure of ours, an id to find the request by, a code that is in the list. */
function assertAnswered({ method, path }: OddRequest, { status, headers, body, text }: Answer): void {
  const name = `${method} ${path}: ${status} ${text.slice(0, 500)}`
  assert.ok(status < 500, name)
  assert.match((headers['x-request-id'] ?? '') as string, /^[\w.:-]{1,100}$/, name)
  if (status < 400 || text === '') return
  if (path.startsWith('/api/v2/')) {
    assert.equal(statusOf(body.code as ErrorCode), status, name)
    for (const field of body.errors ?? []) assert.deepEqual(Object.keys(field), ['in', 'pointer', 'detail'], name)
    return
  }
  assert.equal(headers['content-type'], 'application/json; charset=utf-8', name)
  assert.deepEqual([body.success, typeof body.error], [false, 'string'], name)
}

/** Who asks. What they ask may end their own session, or themselves: then another one takes the place. */
async function openAskers(started: TestApp, auth: 'on' | 'off') {
  const { signedIn } = people(started)
  const { anEvent, aBooking } = factories(started.deps)
  const current = new Map<Asker, Promise<Person> | Promise<{ headers: Record<string, string> }>>()

  async function withKey() {
    const owner = await withRole('organizer')
    const key = { name: 'Box office', scopes: ['read', 'sell', 'check-in'] }
    const { body } = await owner.call('POST', '/api/v2/api-keys', key)
    return { headers: { authorization: `Bearer ${body.secret}` } }
  }
  /** Everyone but staff has something of their own that can be read, changed and spoilt. */
  async function withRole(role: (typeof roles)[number]) {
    const person = await signedIn(role).catch(() => {
      // Wrong passwords came from this address, too many of them: time goes by.
      ahead_ms += forgiven_ms
      return signedIn(role)
    })
    if (role === 'organizer') await anEvent({ organizer_id: person.id, capacity: 1_000 })
    if (role === 'customer') await aBooking({ customer_id: person.id, quantity: 2 })
    return person
  }
  return {
    arbitrary:
      auth === 'off'
        ? fc.constantFrom<Asker>('visitor', 'visitor', 'visitor', 'odd 2')
        : fc.oneof(
            { weight: 8, arbitrary: fc.constantFrom<Asker>('visitor', 'key', ...roles, 'admin') },
            { weight: 1, arbitrary: fc.nat(oddCredentials.length - 1).map((n): Asker => `odd ${n}`) },
          ),
    renew: (asker: Asker) => current.delete(asker),
    async headersOf(asker: Asker): Promise<Record<string, string>> {
      if (asker === 'visitor') return {}
      if (asker.startsWith('odd ')) return { authorization: oddCredentials[Number(asker.slice(4))]! }
      let person = current.get(asker)
      if (!person)
        current.set(asker, (person = asker === 'key' ? withKey() : withRole(asker as (typeof roles)[number])))
      return (await person).headers
    },
  }
}
