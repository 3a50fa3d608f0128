import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  type GraphQLFieldMap,
  type GraphQLInputFieldMap,
  type GraphQLType,
} from 'graphql'
import type { TSchema } from 'typebox'
import { integer_max } from '../../lib/limits.ts'
import { bookingFilters, BookingWithItems, CreateBookingBodyV2 } from '../bookings/bookings.schema.ts'
import { ActView, CheckInBody, CheckInQuery, CheckInView, CountsView } from '../check-ins/check-ins.schema.ts'
import { eventFilters, EventViewV2 } from '../events/events.schema.ts'
import { ImageView } from '../images/images.schema.ts'
import { TakingsView } from '../ledger/ledger.v2.ts'
import { NotificationState, SalesState } from '../live/live.schema.ts'
import { OpenPaymentBody, PaymentView, RefundView } from '../payments/payments.schema.ts'
import { TicketTypeView } from '../ticket-types/ticket-types.schema.ts'
import { ticketFilters, TicketViewV2 } from '../tickets/tickets.schema.ts'
import { UserViewV2 } from '../users/users.schema.ts'
import { by } from './field.ts'
import { makeSchema, sdl } from './make-schema.graphql.ts'

/** As JSON Schema, which TypeBox's types are. */
type Json = {
  type?: string | string[]
  anyOf?: Json[]
  enum?: string[]
  items?: Json
  properties?: Record<string, Json>
  required?: string[]
  format?: string
  minimum?: number
  maximum?: number
  default?: unknown
}
type Fields = GraphQLFieldMap<unknown, unknown> | GraphQLInputFieldMap

const schema = buildSchema(sdl)

/** Amounts: integers that may be beyond what an Int of GraphQL holds. */
const money = new Set([
  'price',
  'price_min',
  'price_max',
  'total_price',
  'refunded',
  'amount',
  'charged',
  'fees',
  'net',
  'total',
])

/** What is in GraphQL alone: ways to other rows, which version 2 has routes for. */
const edges: Record<string, readonly string[]> = {
  Event: ['ticket_types', 'images'],
  Booking: ['event', 'tickets', 'payments', 'refunds'],
  Ticket: ['event'],
}

const fieldsOf = (name: string): Fields => {
  const type = schema.getType(name)
  assert.ok(isObjectType(type) || isInputObjectType(type), name)
  return type.getFields()
}

/** Every field of a view is there by its name, as its type, and null where it may be; and none beside. */
function assertSame(place: string, view: Json, fields: Fields, more: readonly string[] = []): void {
  const { properties = {}, required = [] } = view
  assert.deepEqual(Object.keys(fields).toSorted(), [...Object.keys(properties), ...more].toSorted(), place)
  for (const [name, json] of Object.entries(properties)) {
    const at = `${place}.${name}`
    assertType(at, name, json, fields[name]!.type, required.includes(name))
  }
}

function assertType(at: string, name: string, given: Json, type: GraphQLType, isRequired: boolean): void {
  const json = given.anyOf?.find((one) => one.type !== 'null') ?? given
  const isNullable = given.anyOf !== undefined || (Array.isArray(json.type) && json.type.includes('null'))
  const kind = [json.type].flat().find((one) => one !== 'null')
  assert.equal(isNonNullType(type), isRequired && !isNullable, `${at}: null or not`)
  const inner = isNonNullType(type) ? type.ofType : type
  if (kind === 'array') {
    assert.ok(isListType(inner), `${at}: a list`)
    return assertType(`${at}[]`, name, json.items!, inner.ofType as GraphQLType, true)
  }
  assert.ok(!isListType(inner), `${at}: no list`)
  const named = getNamedType(inner)
  if (kind === 'object') return assertSame(at, json, fieldsOf(named.name))
  if (json.enum) {
    assert.ok(isEnumType(named), `${at}: an enum`)
    return assert.deepEqual(
      named
        .getValues()
        .map((value) => value.name)
        .toSorted(),
      json.enum.toSorted(),
      at,
    )
  }
  assert.equal(named.name, scalarOf(name, kind!, json), at)
}

function scalarOf(name: string, kind: string, { format, minimum, maximum }: Json): string {
  if (kind === 'integer') {
    if (money.has(name)) return 'Money'
    return minimum === 1 && maximum === integer_max ? 'Id' : 'Int'
  }
  if (kind === 'boolean') return 'Boolean'
  return format === 'date-time' ? 'DateTime' : 'String'
}

for (const [name, view] of [
  ['Event', EventViewV2],
  ['TicketType', TicketTypeView],
  ['Image', ImageView],
  ['User', UserViewV2],
  ['Booking', BookingWithItems],
  ['Ticket', TicketViewV2],
  ['Payment', PaymentView],
  ['Refund', RefundView],
  ['Takings', TakingsView.properties.takings.items],
  ['CheckIn', CheckInView],
  ['CheckInCounts', CountsView],
  ['CheckInAct', ActView],
  ['Sales', SalesState],
  ['Notification', NotificationState],
] as const) {
  test(`${name} is what version 2 shows`, () => assertSame(name, view as Json, fieldsOf(name), edges[name]))
}

const inputOf = (view: TSchema): Json => {
  const { properties = {}, required = [] } = view as Json
  // What has a default may be left out, and what a customer may leave out is filled in before the schema is asked.
  return { properties, required: required.filter((name) => name !== 'customer_id') }
}

for (const [name, body] of [
  ['BookInput', CreateBookingBodyV2],
  ['OpenPaymentInput', OpenPaymentBody],
  ['CheckInInput', CheckInBody],
] as const) {
  test(`${name} is what version 2 takes`, () => assertSame(name, inputOf(body), fieldsOf(name)))
}

const { limit: _limit, cursor: _cursor, ...checkInFilters } = CheckInQuery.properties
for (const [name, filters, more] of [
  ['events', eventFilters, ['sort']],
  ['bookings', bookingFilters, ['sort']],
  ['tickets', ticketFilters, ['sort']],
  ['check_ins', checkInFilters, []],
] as const) {
  test(`${name} takes the filters of version 2`, () => {
    const { args } = schema.getQueryType()!.getFields()[name]!
    const given = Object.fromEntries(args.map((arg) => [arg.name, arg])) as unknown as Fields
    assertSame(
      name,
      { properties: filters as never, required: ['event_id'].filter(() => name === 'check_ins') },
      given,
      ['first', 'after', ...more],
    )
  })
}

test('a field without a rule of access does not start', () => {
  const nothing = by('GET /events', () => null)
  assert.throws(() => makeSchema({ 'Query.me': by('GET /nowhere', () => null) }), /Query\.me goes by GET \/nowhere/)
  assert.throws(() => makeSchema({ 'Query.nobody': nothing }), /Query\.nobody is not in schema\.graphql/)
  assert.throws(() => makeSchema({ 'Query.events': nothing }), /Query\.event goes by no route/)
})
