import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildSchema, getNamedType, isLeafType, isObjectType } from 'graphql'
import {
  accessGround,
  aCheckInOf,
  aScanOf,
  askers,
  type Entity,
  type Scene,
  type Whose,
} from '../../../test/support/access-ground.ts'
import { asking, type Result } from '../../../test/support/graphql.ts'
import { sdl } from './make-schema.graphql.ts'

/**
 * Everyone asks for what is theirs and for what is not, by version 2 and in GraphQL: they are answered the same, or refused
 * the same.
 */
const { scene } = await accessGround({ graphql: { explorer: false } })
const schema = buildSchema(sdl)

/** All that a type shows of itself. */
function shown(name: string): string[] {
  const type = schema.getType(name)
  assert.ok(isObjectType(type))
  const fields = Object.values(type.getFields())
  return fields.filter((field) => isLeafType(getNamedType(field.type))).map((field) => field.name)
}

type Body = Record<string, unknown>
const codeOf = ({ errors }: Result) => errors?.[0]?.extensions?.code as string | undefined

/** As GraphQL shows it: what version 2 leaves out is null. */
const only = (names: readonly string[], body: Body) =>
  Object.fromEntries(names.map((name) => [name, body[name] ?? null]))

function assertAlike(name: string, rest: { status: number; body: Body }, graph: Result, show: (body: Body) => unknown) {
  if (rest.status >= 400) return assert.equal(codeOf(graph), rest.body['code'], `${name}: ${graph.text}`)
  assert.equal(graph.errors, undefined, `${name}: ${graph.text}`)
  const [data] = Object.values(graph.data as Body)
  assert.deepEqual(data, show(rest.body), name)
}

const rows: [field: string, entity: Entity, path: string, type: string][] = [
  ['event', 'event', '/events/:id', 'Event'],
  ['ticket_type', 'ticket type', '/ticket-types/:id', 'TicketType'],
  ['booking', 'booking', '/bookings/:id', 'Booking'],
  ['ticket', 'ticket', '/tickets/:id', 'Ticket'],
  ['payment', 'payment', '/payments/:id', 'Payment'],
]
const ofEvents: [field: string, path: string, selection: string, show: (body: Body) => unknown][] = [
  ['takings', '/events/:id/takings', '{ currency net }', ({ takings }) => takings],
  ['check_in_counts', '/events/:id/check-in-counts', '{ sold inside }', (body) => only(['sold', 'inside'], body)],
]
const lists: [field: string, path: string, type: string][] = [
  ['bookings', '/bookings', 'Booking'],
  ['tickets', '/tickets', 'Ticket'],
  ['refunds', '/refunds', 'Refund'],
]

for (const asker of askers) {
  test(`${asker} reads the same`, async () => {
    const here = await scene(asker)
    const ask = asking(here)
    const rest = async (path: string) => here.call('GET', `/api/v2${path}`)
    const graph = async (query: string) => ask(query, {}, here.headers)
    const both: Whose[] = ['own', 'foreign']
    for (const whose of both) {
      for (const [field, entity, path, type] of rows) {
        const id = await here.row(entity, whose)
        const names = shown(type)
        const answer = await graph(`{ ${field}(id: ${id}) { ${names.join(' ')} } }`)
        assertAlike(`${whose} ${field}`, await rest(path.replace(':id', `${id}`)), answer, (body) => only(names, body))
      }
      for (const [field, path, selection, show] of ofEvents) {
        const id = await here.row('event', whose)
        const answer = await graph(`{ ${field}(event_id: ${id}) ${selection} }`)
        assertAlike(`${whose} ${field}`, await rest(path.replace(':id', `${id}`)), answer, show)
      }
      const event = await here.row('event', whose)
      const happened = await graph(`{ check_ins(event_id: ${event}) { edges { node { id } } } }`)
      assertAlike(`${whose} check_ins`, await rest(`/check-ins?event_id=${event}`), happened, () => ({ edges: [] }))
      await here.row('refund', whose)
    }
    for (const [field, path, type] of lists) {
      const names = shown(type)
      const answer = await graph(`{ ${field}(first: 100) { edges { node { ${names.join(' ')} } } } }`)
      assertAlike(field, await rest(`${path}?limit=100`), answer, ({ items }) => ({
        edges: (items as Body[]).map((row) => ({ node: only(names, row) })),
      }))
    }
    const names = shown('User')
    assertAlike('me', await rest('/auth/me'), await graph(`{ me { ${names.join(' ')} } }`), (body) => only(names, body))
  })
}

/** Each in version 2 and in GraphQL, for a row each: what changes one changes the other the same way. */
const changes: Record<
  string,
  (
    here: Scene,
    whose: Whose,
  ) => Promise<{ path: string; body?: object; field: string; args: string; selection: string }>
> = {
  book: async (here, whose) => {
    const event_id = await here.row('event', whose)
    const customer_id = whose === 'own' ? here.me.id : (await here.make.aCustomer()).id
    const body = { event_id, customer_id, quantity: 1 }
    return {
      path: '/bookings',
      body,
      field: 'book',
      args: `input: ${literal(body)}`,
      selection: '{ quantity total_price }',
    }
  },
  open_payment: async (here, whose) => {
    const id = await here.row('booking', whose)
    const path = `/bookings/${id}/payments`
    return { path, body: {}, field: 'open_payment', args: `booking_id: ${id}`, selection: '{ status }' }
  },
  cancel_booking: async (here, whose) => {
    const id = await here.row('booking', whose)
    const path = `/bookings/${id}/cancellation`
    return { path, body: {}, field: 'cancel_booking', args: `booking_id: ${id}`, selection: '{ status }' }
  },
  check_in: async (here, whose) => {
    const body = { ...(await aScanOf(here.deps, await here.row('ticket', whose))), door: 'A' }
    return {
      path: '/check-ins',
      body,
      field: 'check_in',
      args: `input: ${literal(body)}`,
      selection: '{ outcome door }',
    }
  },
  undo_check_in: async (here, whose) => {
    const id = await aCheckInOf(here.deps, await here.row('ticket', whose))
    return { path: `/check-ins/${id}/undo`, field: 'undo_check_in', args: `id: ${id}`, selection: '{ kind }' }
  },
}

const literal = (body: object) => JSON.stringify(body).replaceAll(/"(\w+)":/g, '$1:')

for (const asker of askers) {
  test(`${asker} may change the same`, async () => {
    const here = await scene(asker)
    for (const [name, prepare] of Object.entries(changes)) {
      for (const whose of ['own', 'foreign'] as const) {
        const [one, other] = [await prepare(here, whose), await prepare(here, whose)]
        const rest = await here.call('POST', `/api/v2${one.path}`, one.body)
        const document = `mutation { ${other.field}(${other.args}) ${other.selection} }`
        const answer = await asking(here)(document, {}, here.headers)
        assertAlike(`${whose} ${name}`, rest, answer, (body) => only(other.selection.match(/\w+/g)!, body))
      }
    }
  })
}

test('a token that is no good gets what is public, and is told so elsewhere', async () => {
  const here = await scene('visitor')
  const headers = { authorization: 'Bearer nonsense' }
  const answer = await asking(here)('{ payment_providers me { id } }', {}, headers)
  assert.equal(answer.status, 200)
  assert.equal(codeOf(answer), 'invalid_token')
  assert.equal(codeOf(await asking(here)('{ me { id } }')), 'not_signed_in')
})
