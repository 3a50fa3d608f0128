import { customers, organizer, soldOutEvent, type Fill } from './books.ts'
import type { NumberRange, Request } from './load.ts'

/** `mysql` stands for MariaDB too. */
export type Kind = 'sqlite' | 'mysql'

export type Settings = {
  rounds: number
  seconds: number
  warm_s: number
  /** Before the first round of each contender, whose code is still to be compiled. */
  warm_first_s: number
  /** How many tickets are in the table, for the cases that watch it grow. */
  growth: number[]
}

/** A set of tables with servers on them, and what is measured there. */
export type Scenario = {
  name: string
  only?: Kind
  fill: Fill
  measurements: Measurement[]
}

export type Measurement = {
  name: string
  connections: number
  /** In each round they take turns. The first is what is measured; its ratio to each other one is printed. */
  contenders: Contender[]
  /** Answers that count as work. */
  counted: number[]
  /** Whose answer the bare server gives; left out, the first contender's. */
  sample?: Request
  /** Sold at a steady pace meanwhile. */
  background?: Request
  /** Of each round, exactly so many are sold, and its time is what matters. */
  sold?: number
  goals?: Partial<Record<Kind, Goals>>
}

export type Contender = {
  name: string
  /** `open karcis` runs without accounts, and nobody sends it a token; `selling karcis` is to be paid. */
  server: 'karcis' | 'two karcis' | 'open karcis' | 'selling karcis' | 'bare' | 'baseline'
  request: (round: number) => Request
  requests_max?: number
}

/** What issue and docs promise. Ratios are of the first contender to the one that is named. */
export type Goals = {
  ratios?: Record<string, number>
  p99_ms_max?: number
  max_ms_max?: number
  elapsed_s_max?: number
}

const capacity_max = 10_000_000
const connection_counts = [64, 256, 2_000]
const seats = 1_000
const sellOutRequests = 5_000
/** More than `use` can do in a second, so that its tickets last. */
const uses_a_second_max = 40_000
/** The same of check-ins, which do more. */
const check_ins_a_second_max = 20_000
const tickets_before = 100_000
const page_rows = 50

/** All that is measured. A database that also writes a binary log at every commit has a goal of its own. */
export function scenarios(settings: Settings, hasBinaryLog: boolean): Scenario[] {
  return [
    ...connection_counts.map((connections) => hotEvent(connections, hasBinaryLog)),
    ...connection_counts.map(manyEvents),
    typesAndHolds(),
    twoServers(settings),
    ...[64, 2_000].map((connections) => sellOut(connections, settings)),
    refusals(),
    reads(),
    graphql(),
    uses(settings),
    checkIns(settings),
    ...settings.growth.map(growth),
  ]
}

/** A hot event for each round, so that none comes near the 10,000,000 seats that an event may have. */
function hotEvent(connections: number, hasBinaryLog: boolean): Scenario {
  const request = (round: number) => booking({ event: 1 + (round % 100) })
  const accounts = { 'without accounts': 0.85 }
  const goals: Measurement['goals'] = {
    mysql: hasBinaryLog
      ? { ratios: { ...accounts, baseline: 14 } }
      : { ratios: { ...accounts, baseline: 17, bare: 0.4 }, p99_ms_max: 20 },
    sqlite: { ratios: { ...accounts, bare: 0.3 }, p99_ms_max: 25, max_ms_max: 150 },
  }
  return {
    name: 'hot event',
    fill: { events: 100, capacity: capacity_max, tickets: 0 },
    measurements: [
      {
        name: 'bookings, one hot event',
        connections,
        // Both ways of Karcis come after one who leaves the database quiet, or the first would pay for the other.
        contenders: [
          ...againstBare(request),
          { name: 'without accounts', server: 'open karcis', request },
          { name: 'baseline', server: 'baseline', request },
        ],
        counted: [201],
        ...(connections === 64 && { goals }),
      },
    ],
  }
}

function manyEvents(connections: number): Scenario {
  const request = () => booking({ event: '{event}', events: 1_000 })
  return {
    name: 'many events',
    fill: { events: 1_000, capacity: capacity_max, tickets: 0 },
    measurements: [
      {
        name: 'bookings, 1,000 events',
        connections,
        contenders: againstBoth(request),
        counted: [201],
        ...(connections === 64 && { goals: { mysql: { ratios: { baseline: 6 } } } }),
      },
    ],
  }
}

/** What a booking costs more that names a type with seats of its own, and one that is held until it is paid. */
function typesAndHolds(): Scenario {
  const plain = (round: number) => booking({ event: 1 + (round % 100) })
  const ofType =
    (first: number) =>
    (round: number): Request => ({
      method: 'POST',
      path: '/api/v2/bookings',
      body:
        `{"customer_id":{caller},"event_id":${1 + (round % 100)},"items":[{"ticket_type_id":` +
        `${first + (round % 100)},"quantity":2,"holder_names":["Ani Wijaya","Budi Santoso"]}]}`,
      numbers: { caller: anyCustomer },
    })
  const common = { connections: 64, counted: [201] }
  const goal = (name: string) => ({ mysql: { ratios: { [name]: 0.9 } }, sqlite: { ratios: { [name]: 0.9 } } })
  return {
    name: 'types and holds',
    fill: { events: 100, capacity: capacity_max, tickets: 0 },
    measurements: [
      {
        ...common,
        name: 'bookings of a type with seats of its own',
        contenders: [
          { name: 'own seats', server: 'karcis', request: ofType(1_000_001) },
          { name: 'shared seats', server: 'karcis', request: ofType(1) },
        ],
        goals: goal('shared seats'),
      },
      {
        ...common,
        name: 'bookings that are held until paid',
        contenders: [
          { name: 'held', server: 'selling karcis', request: plain },
          { name: 'at once', server: 'karcis', request: plain },
        ],
        goals: goal('at once'),
      },
    ],
  }
}

/** Both share the machine's cores, so twice the speed of one is not to be had here; losing much would be wrong. */
function twoServers({ rounds }: Settings): Scenario {
  const request = (round: number) => booking({ event: 1 + round })
  return {
    name: 'two servers',
    only: 'mysql',
    fill: { events: rounds + 1, capacity: capacity_max, tickets: 0 },
    measurements: [
      {
        name: 'bookings, one hot event, two servers',
        connections: 64,
        contenders: [
          { name: 'two servers', server: 'two karcis', request },
          { name: 'one server', server: 'karcis', request },
        ],
        counted: [201],
        goals: { mysql: { ratios: { 'one server': 0.8 } } },
      },
    ],
  }
}

function sellOut(connections: number, { rounds }: Settings): Scenario {
  const request = (round: number) => booking({ event: 1 + round, quantity: 1 })
  const goals = { elapsed_s_max: 2 }
  return {
    name: 'sell-out',
    fill: { events: rounds, capacity: seats, tickets: 0 },
    measurements: [
      {
        name: 'sell-out, 5,000 requests for 1,000 seats',
        connections,
        contenders: [
          { name: 'karcis', server: 'karcis', request, requests_max: sellOutRequests },
          { name: 'baseline', server: 'baseline', request, requests_max: sellOutRequests },
        ],
        counted: [201, 409],
        sold: seats,
        goals: { mysql: goals, sqlite: goals },
      },
    ],
  }
}

function refusals(): Scenario {
  const fill = { events: 1, capacity: seats, tickets: 1_000 }
  const goals = { ratios: { bare: 0.6 } }
  return {
    name: 'refusals',
    fill,
    measurements: [
      {
        name: 'refusals after a sell-out',
        connections: 64,
        contenders: againstBoth(() => booking({ event: soldOutEvent(fill) })),
        counted: [409],
        goals: { mysql: goals, sqlite: goals },
      },
    ],
  }
}

function reads(): Scenario {
  const numbers = { caller: anyCustomer }
  const readEvent: Request = { method: 'GET', path: '/api/v1/events/1', numbers }
  const list = (limit: number): Request => ({ method: 'GET', path: `/api/v1/events?limit=${limit}`, numbers })
  // Each is another list, though all have the same rows, so none of them is kept when it is asked for.
  const unknownList: Request = {
    method: 'GET',
    path: '/api/v1/events?limit=50&price_max={price}',
    numbers: { ...numbers, price: { from: 1_000_000, to: 999_999_999, order: 'random' } },
  }
  const common = { connections: 64, counted: [200] }
  const goal = (bare: number) => ({ mysql: { ratios: { bare } }, sqlite: { ratios: { bare } } })
  return {
    name: 'reads',
    fill: { events: 200, capacity: capacity_max, tickets: tickets_before },
    measurements: [
      { ...common, name: 'GET event', contenders: againstBare(() => readEvent), goals: goal(0.6) },
      {
        ...common,
        name: 'GET event, 1,000 bookings/s of it meanwhile',
        contenders: againstBare(() => readEvent),
        background: booking({ event: 1 }),
      },
      {
        ...common,
        name: 'GET event, known by its tag',
        contenders: againstBare(() => ({ ...readEvent, known: '*' })),
        counted: [304],
      },
      { ...common, name: 'GET ticket', contenders: againstBare(() => readTicket(tickets_before)) },
      { ...common, name: 'list of 50 events', contenders: againstBare(() => list(50)), goals: goal(0.5) },
      {
        ...common,
        name: 'list of 50 events, read anew for each',
        contenders: [...againstBare(() => unknownList), { name: 'kept', server: 'karcis', request: () => list(50) }],
      },
      { ...common, name: 'list of 100 events', contenders: againstBare(() => list(100)) },
    ],
  }
}

/** The same by GraphQL and by version 2, of which the page of an event with its types takes two requests. */
function graphql(): Scenario {
  const numbers = { caller: anyCustomer }
  const get = (path: string) => (): Request => ({ method: 'GET', path, numbers })
  const ask = (query: string) => (): Request => ({
    method: 'POST',
    path: '/graphql',
    body: JSON.stringify({ query }),
    numbers,
  })
  const event = 'id title location date status capacity available_seat price price_text currency description categories'
  const type = 'id name description price price_text capacity available_seat on_sale min_per_booking max_per_booking'
  const common = { connections: 64, counted: [200] }
  return {
    name: 'graphql',
    fill: { events: 200, capacity: capacity_max, tickets: 0 },
    measurements: [
      {
        ...common,
        name: 'page of an event with its ticket types',
        contenders: [
          {
            name: 'graphql',
            server: 'karcis',
            request: ask(`{ event(id: 1) { ${event} ticket_types { ${type} } } }`),
          },
          { name: 'its event by v2', server: 'karcis', request: get('/api/v2/events/1') },
          { name: 'its types by v2', server: 'karcis', request: get('/api/v2/events/1/ticket-types') },
        ],
      },
      {
        ...common,
        name: 'list of 20 events by GraphQL',
        contenders: [
          {
            name: 'graphql',
            server: 'karcis',
            request: ask(`{ events(first: 20) { edges { cursor node { ${event} } } pageInfo { endCursor } } }`),
          },
          { name: 'v2', server: 'karcis', request: get('/api/v2/events?limit=20') },
        ],
      },
    ],
  }
}

/** Each round has tickets of its own. It is held against the bare POST of a booking, as all that writes is. */
function uses(settings: Settings): Scenario {
  const { slice, total } = ticketsOfRounds(uses_a_second_max, settings)
  const use = (round: number): Request => ({
    method: 'PUT',
    path: '/api/v1/tickets/{ticket}/use',
    numbers: { caller: theOrganizer, ticket: slice(round) },
  })
  return {
    name: 'use',
    fill: { events: 1, capacity: seats, tickets: total },
    measurements: [
      {
        name: 'use of tickets',
        connections: 64,
        contenders: [
          { name: 'karcis', server: 'karcis', request: use },
          { name: 'bare', server: 'bare', request: () => booking({ event: 1 }) },
        ],
        counted: [200],
        sample: readTicket(1),
        goals: { mysql: { ratios: { bare: 0.35 } } },
      },
    ],
  }
}

/** Beside version 1's way of using a ticket, each with tickets of its own in each round. */
function checkIns(settings: Settings): Scenario {
  const { slice, total } = ticketsOfRounds(check_ins_a_second_max, settings)
  const event = soldOutEvent({ events: 1 })
  const tickets = (turn: number, round: number) => slice(round, turn * total)
  const measurement = (by: 'code' | 'token', turn: number): Measurement => {
    const shown = by === 'code' ? by : { token_for: event }
    const checkIn = (round: number): Request => ({
      method: 'POST',
      path: '/api/v2/check-ins',
      body: `{"${by}":"{ticket}","event_id":${event},"door":"Pintu Utara"}`,
      numbers: { caller: theOrganizer, ticket: { ...tickets(turn, round), shown } },
    })
    const use = (round: number): Request => ({
      method: 'PUT',
      path: '/api/v1/tickets/{ticket}/use',
      numbers: { caller: theOrganizer, ticket: tickets(turn + 1, round) },
    })
    return {
      name: `check-ins by ${by}`,
      connections: 64,
      contenders: [
        { name: by, server: 'karcis', request: checkIn },
        { name: 'use', server: 'karcis', request: use },
        { name: 'bare', server: 'bare', request: () => booking({ event: 1 }) },
      ],
      counted: [200],
      sample: readTicket(1),
    }
  }
  return {
    name: 'check-in',
    fill: { events: 1, capacity: seats, tickets: 4 * total },
    measurements: [measurement('code', 0), measurement('token', 2)],
  }
}

/** Tickets of its own for each round, the one at a steady rate included, behind those that others have. */
function ticketsOfRounds(a_second: number, { rounds, seconds, warm_s, warm_first_s }: Settings) {
  const first = Math.ceil(a_second * (warm_first_s + seconds))
  const later = Math.ceil(a_second * (warm_s + seconds))
  const start = (round: number) => (round === 0 ? 0 : first + later * (round - 1))
  const slice = (round: number, behind = 0): NumberRange => {
    return { from: behind + start(round) + 1, to: behind + start(round + 1), order: 'rising' }
  }
  const total = start(rounds + 1)
  // Two of each booking.
  return { slice, total: total + (total % 2) }
}

function growth(tickets: number): Scenario {
  const page = (number: number): Request => ({
    method: 'GET',
    path: `/api/v1/tickets?limit=${page_rows}&page=${number}`,
    numbers: { caller: theOrganizer },
  })
  const goals = { ratios: { 'first page': 1 / 1.5 } }
  const among = `${tickets.toLocaleString('en')} tickets`
  return {
    name: 'growth',
    fill: { events: 100, capacity: capacity_max, tickets },
    measurements: [
      {
        name: `last page of ${among}`,
        connections: 16,
        contenders: [
          { name: 'last page', server: 'karcis', request: () => page(tickets / page_rows) },
          { name: 'first page', server: 'karcis', request: () => page(1) },
        ],
        counted: [200],
        goals: { mysql: goals, sqlite: goals },
      },
      {
        name: `GET ticket among ${among}`,
        connections: 64,
        contenders: againstBare(() => readTicket(tickets)),
        counted: [200],
      },
      {
        name: `bookings beside ${among}`,
        connections: 64,
        contenders: againstBare((round) => booking({ event: 1 + (round % 100) })),
        counted: [201],
      },
    ],
  }
}

/** Every request comes with the token of whoever asks. */
const anyCustomer: NumberRange = { from: 1, to: customers, order: 'random' }
const theOrganizer: NumberRange = { from: organizer, to: organizer, order: 'random' }

/** Each request is of another customer, and names its holders, as the requests of a real sale do. */
function booking({ event, events = 1, quantity = 2 }: { event: number | string; events?: number; quantity?: 1 | 2 }) {
  const holders = ['Ani Wijaya', 'Budi Santoso'].slice(0, quantity)
  return {
    method: 'POST',
    path: '/api/v1/bookings',
    body:
      `{"customer_id":{caller},"event_id":${event},"quantity":${quantity},` +
      `"holder_names":${JSON.stringify(holders)}}`,
    numbers: {
      caller: anyCustomer,
      event: { from: 1, to: events, order: 'random' },
    },
  } satisfies Request
}

const readTicket = (tickets: number): Request => ({
  method: 'GET',
  path: '/api/v1/tickets/{ticket}',
  numbers: { caller: theOrganizer, ticket: { from: 1, to: tickets, order: 'random' } },
})

const againstBare = (request: Contender['request']): Contender[] => [
  { name: 'karcis', server: 'karcis', request },
  { name: 'bare', server: 'bare', request },
]

const againstBoth = (request: Contender['request']): Contender[] => [
  ...againstBare(request),
  { name: 'baseline', server: 'baseline', request },
]
