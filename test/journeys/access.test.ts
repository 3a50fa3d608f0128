import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { aDeadMessage, aSentMail } from '../support/outbox.ts'
import { signLink } from '../../src/features/signatures/link-token.ts'
import {
  accessGround,
  aCheckInOf,
  aScanOf,
  askers,
  password,
  type Entity,
  type Scene,
  type Whose,
} from '../support/access-ground.ts'

/**
 * Every route, asked by everyone, for what is theirs and for what is not. The statuses are written out by hand and
 * stand in the order of `askers`; a route that has no row here makes the test fail by its name. Another version of
 * the API gets a table of its own in `tables`.
 */
type Case = {
  name: string
  statuses: string
  request: (scene: Scene) => Promise<{ id?: number; body?: unknown; query?: string }>
}
type Table = Readonly<Record<string, readonly Case[]>>

const { scene, on, off } = await accessGround()

/** A request that names no row. */
const ask = (name: string, statuses: string, body?: (scene: Scene) => unknown): Case => ({
  name,
  statuses,
  request: async (scene) => ({ body: await body?.(scene) }),
})
/** A request for a row that is the asker's own, or somebody else's. */
const askFor =
  (whose: Whose) =>
  (entity: Entity, statuses: string, body?: object): Case => ({
    name: `${whose} ${entity}`,
    statuses,
    request: async (scene) => ({ id: await scene.row(entity, whose), body }),
  })
/** The same, where what the others are told is not what they are told of nothing. */
const ofAnother = (entity: Entity, statuses: string, body?: object): Case => ({
  ...askFor('foreign')(entity, statuses, body),
  name: `${entity} of another`,
})
const own = askFor('own')
const foreign = askFor('foreign')

/** For a row of nobody's, by the link that its mail has. */
const linkTo = ({ deps }: Scene, purpose: 'ticket' | 'transfer', id: number) =>
  signLink(deps.signer, { purpose, id, version: 1 }, new Date(Date.now() + 60_000))
const withLink = (purpose: 'ticket' | 'transfer', body?: object): Omit<Case, 'statuses'> => ({
  name: 'with the link to it',
  request: async (scene) => {
    const id = await scene.row(purpose, 'foreign')
    return { id, body, query: `?token=${await linkTo(scene, purpose, id)}` }
  },
})
/** The same where the link stands in the body. */
const bringingLink = (body: object): Omit<Case, 'statuses'> => ({
  name: 'with the link to it',
  request: async (scene) => {
    const id = await scene.row('transfer', 'foreign')
    return { id, body: { ...body, token: await linkTo(scene, 'transfer', id) } }
  },
})

const newEvent = { title: 'Konser', location: 'Jakarta', capacity: 5, date: '2999-12-31T19:00:00Z' }
const newType = { name: 'VIP', price: 1_000 }
const newStaff = { email: 'door@example.com', name: 'Door' }
let emails = 0

async function tokensOfSomebody({ make, asker }: Scene) {
  const { email } = await make.aCustomer()
  const { call } = asker === 'off' ? off : on
  return (await call('POST', '/auth/login', { email, password })).body.data
}

/** Somebody comes to the door with the code of a ticket. */
async function aScan({ row, deps }: Scene, whose: Whose) {
  return aScanOf(deps, await row('ticket', whose))
}

/** The check-ins of an event. */
const ofEvent = (whose: Whose, statuses: string): Case => ({
  name: `${whose} event`,
  statuses,
  request: async ({ row }) => ({ query: `?event_id=${await row('event', whose)}` }),
})

const anUndo = (whose: Whose, statuses: string): Case => ({
  name: `${whose} check-in`,
  statuses,
  request: async ({ row, deps }) => ({ id: await aCheckInOf(deps, await row('ticket', whose)) }),
})

/** What a device scanned without network. */
const offline = (whose: Whose, statuses: string): Case => ({
  name: `${whose} event`,
  statuses,
  request: async ({ row }) => {
    const at = new Date().toISOString()
    return {
      id: await row('event', whose),
      body: { device: 'Scanner', scans: [{ scan_id: randomUUID(), code: 'ZZZZZZZZ', at }] },
    }
  },
})

/** Of the statuses: visitor, customer, organizer, staff, admin; keys that read, sell, check in; off. */
const v1: Table = {
  'POST /auth/login': [
    ask('somebody’s password', '200 200 200 200 200 403 403 403 200', async (scene) => ({
      email: (await scene.make.aCustomer()).email,
      password,
    })),
  ],
  'POST /auth/refresh': [
    ask('a refresh token', '200 200 200 200 200 403 403 403 200', async (scene) => ({
      refresh_token: (await tokensOfSomebody(scene)).refresh_token,
    })),
  ],
  'POST /auth/logout': [
    ask('a refresh token', '200 200 200 200 200 403 403 403 200', async (scene) => ({
      refresh_token: (await tokensOfSomebody(scene)).refresh_token,
    })),
    ask('nothing else', '401 200 200 200 200 403 403 403 401'),
  ],
  'POST /auth/forgot': [
    ask('any email', '200 200 200 200 200 403 403 403 200', () => ({
      email: 'nobody@example.com',
    })),
  ],
  'POST /auth/reset': [
    ask('a wrong token', '400 400 400 400 400 403 403 403 400', () => ({
      token: 'karcis_pr_wrong',
      new_password: password,
    })),
  ],
  'POST /auth/logout-all': [ask('', '401 200 200 200 200 403 403 403 200')],
  'POST /auth/password': [
    ask('their own', '401 200 200 200 200 403 403 403 401', () => ({
      current_password: password,
      new_password: 'another password',
    })),
  ],
  'GET /auth/me': [ask('', '401 200 200 200 200 200 403 403 401')],

  'POST /users/register': [
    ask('a new email', '201 201 201 201 201 403 403 403 201', () => ({
      name: 'Ani',
      email: `new.${++emails}@example.com`,
      password,
      role: 'customer',
    })),
    ask('as an admin', '400 400 400 400 400 403 403 403 400', () => ({
      name: 'Ani',
      email: `new.${++emails}@example.com`,
      password,
      role: 'admin',
    })),
  ],
  'GET /users': [ask('', '401 403 403 403 200 403 403 403 200')],
  'GET /users/:id': [
    own('user', '401 200 200 200 200 200 403 403 200'),
    foreign('user', '401 404 404 404 200 404 403 403 200'),
  ],
  'PUT /users/:id': [
    own('user', '401 200 200 200 200 403 403 403 200', { name: 'Budi' }),
    foreign('user', '401 404 404 404 200 403 403 403 200', { name: 'Budi' }),
  ],
  'DELETE /users/:id': [
    own('user', '401 200 200 200 200 403 403 403 200'),
    foreign('user', '401 404 404 404 200 403 403 403 200'),
  ],

  'GET /events': [ask('', '200 200 200 200 200 200 200 200 200')],
  'GET /events/:id': [
    own('event', '200 200 200 200 200 200 200 200 200'),
    foreign('event', '200 200 200 200 200 200 200 200 200'),
  ],
  'POST /events': [
    ask('own organizer_id', '401 403 201 403 201 403 403 403 201', async (scene) => ({
      ...newEvent,
      organizer_id: scene.me.role === 'organizer' ? scene.me.id : (await scene.make.anOrganizer()).id,
    })),
    ask('organizer_id left out', '401 403 201 403 400 403 403 403 400', () => newEvent),
    ask('organizer_id of another', '401 403 403 403 201 403 403 403 201', async (scene) => ({
      ...newEvent,
      organizer_id: (await scene.make.anOrganizer()).id,
    })),
  ],
  'PUT /events/:id': [
    own('event', '401 403 200 403 200 403 403 403 200', newEvent),
    foreign('event', '401 403 403 403 200 403 403 403 200', newEvent),
  ],
  'DELETE /events/:id': [
    own('event', '401 403 200 403 200 403 403 403 200'),
    foreign('event', '401 403 403 403 200 403 403 403 200'),
  ],

  'POST /bookings': [
    ask('own customer_id', '401 201 403 403 201 403 201 403 201', async (scene) => ({
      customer_id: scene.me.role === 'customer' ? scene.me.id : (await scene.make.aCustomer()).id,
      event_id: await scene.row('event', 'own'),
      quantity: 1,
    })),
    ask('customer_id left out', '401 201 403 403 400 403 400 403 400', async (scene) => ({
      event_id: await scene.row('event', 'own'),
      quantity: 1,
    })),
    ask('customer_id of another', '401 403 403 403 201 403 201 403 201', async (scene) => ({
      customer_id: (await scene.make.aCustomer()).id,
      event_id: await scene.row('event', 'own'),
      quantity: 1,
    })),
    ask('event of another organizer', '401 201 403 403 201 403 404 403 201', async (scene) => ({
      customer_id: scene.me.role === 'customer' ? scene.me.id : (await scene.make.aCustomer()).id,
      event_id: await scene.row('event', 'foreign'),
      quantity: 1,
    })),
  ],
  'GET /bookings': [ask('', '401 200 200 403 200 200 403 403 200')],
  'GET /bookings/:id': [
    own('booking', '401 200 200 403 200 200 403 403 200'),
    foreign('booking', '401 404 404 403 200 404 403 403 200'),
  ],
  'GET /tickets': [ask('', '401 200 200 200 200 200 403 403 200')],
  'GET /tickets/:id': [
    own('ticket', '401 200 200 200 200 200 403 403 200'),
    foreign('ticket', '401 404 404 404 200 404 403 403 200'),
  ],
  'PUT /tickets/:id/use': [
    own('ticket', '401 403 200 200 200 403 403 200 200'),
    foreign('ticket', '401 403 404 404 200 403 403 404 200'),
  ],
}

/** What a visitor gets only by a link; staff have tickets, and no bookings. */
const documentsOf = (entity: 'ticket' | 'booking'): readonly Case[] => [
  own(entity, `401 200 200 ${entity === 'ticket' ? '200' : '404'} 200 200 403 403 200`),
  foreign(entity, '401 404 404 404 200 404 403 403 200'),
  {
    name: `${entity} of another, by a link that is none`,
    statuses: '403 403 403 403 200 403 403 403 200',
    request: async (scene) => ({ id: await scene.row(entity, 'foreign'), query: '?token=a.b.c' }),
  },
]

/** The same rows, where version 2 answers a success in its own way. */
const answering = (status: 202 | 204, cases: readonly Case[]): readonly Case[] =>
  cases.map(({ name, statuses, request }) => ({ name, statuses: statuses.replaceAll('200', String(status)), request }))

const v2: Table = {
  'POST /auth/login': v1['POST /auth/login']!,
  'POST /auth/refresh': v1['POST /auth/refresh']!,
  'POST /auth/logout': answering(204, v1['POST /auth/logout']!),
  'POST /auth/forgot': answering(202, v1['POST /auth/forgot']!),
  'POST /auth/reset': v1['POST /auth/reset']!,
  'POST /auth/logout-all': answering(204, v1['POST /auth/logout-all']!),
  'POST /auth/confirm-email': [ask('no such token', '403 403 403 403 403 403 403 403 403', () => ({ token: 'x' }))],
  'POST /auth/confirm-email/request': [ask('', '401 202 202 202 202 403 403 403 401')],
  'POST /auth/password': answering(204, v1['POST /auth/password']!),
  'GET /auth/me': v1['GET /auth/me']!,

  'POST /users': v1['POST /users/register']!,
  'GET /users': v1['GET /users']!,
  'GET /users/:id': v1['GET /users/:id']!,
  'PATCH /users/:id': v1['PUT /users/:id']!,
  'DELETE /users/:id': answering(204, v1['DELETE /users/:id']!),
  'POST /users/:id/restoration': [own('user', '401 403 403 403 404 403 403 403 404')],
  'GET /users/:id/export': [
    own('user', '401 200 200 200 200 403 403 403 200'),
    foreign('user', '401 404 404 404 200 403 403 403 200'),
  ],
  'POST /users/:id/erasure': [
    own('user', '401 204 204 204 204 403 403 403 204'),
    foreign('user', '401 404 404 404 204 403 403 403 204'),
  ],

  'GET /events': v1['GET /events']!,
  'GET /events/:id': v1['GET /events/:id']!,
  'POST /events': v1['POST /events']!,
  'PATCH /events/:id': v1['PUT /events/:id']!,
  'DELETE /events/:id': answering(204, v1['DELETE /events/:id']!),
  'POST /events/:id/restoration': [own('event', '401 403 403 403 404 403 403 403 404')],
  'POST /events/:id/cancellation': [
    own('event', '401 403 202 403 202 403 403 403 202', {}),
    foreign('event', '401 403 403 403 202 403 403 403 202', {}),
  ],
  'GET /events/:id/cancellation': [
    own('event', '401 403 404 403 404 403 403 403 404'),
    ofAnother('event', '401 403 403 403 404 403 403 403 404'),
  ],
  'GET /events/:id/ticket-types': v1['GET /events/:id']!,
  'POST /events/:id/ticket-types': [
    own('event', '401 403 201 403 201 403 403 403 201', newType),
    foreign('event', '401 403 403 403 201 403 403 403 201', newType),
  ],
  'GET /ticket-types/:id': [
    own('ticket type', '200 200 200 200 200 200 200 200 200'),
    foreign('ticket type', '200 200 200 200 200 200 200 200 200'),
  ],
  'PATCH /ticket-types/:id': [
    own('ticket type', '401 403 200 403 200 403 403 403 200', { name: 'Tribun' }),
    foreign('ticket type', '401 403 403 403 200 403 403 403 200', { name: 'Tribun' }),
  ],
  // The only type of an event stays.
  'DELETE /ticket-types/:id': [
    own('ticket type', '401 403 409 403 409 403 403 403 409'),
    foreign('ticket type', '401 403 403 403 409 403 403 403 409'),
  ],
  'GET /events/:id/images': v1['GET /events/:id']!,
  // Whoever may add a picture is told that this is none.
  'POST /events/:id/images': [
    own('event', '401 403 415 403 415 403 403 403 415'),
    foreign('event', '401 403 403 403 415 403 403 403 415'),
  ],
  'PATCH /events/:id/images/:image_id': [
    own('event', '401 403 404 403 404 403 403 403 404', { alt: 'x' }),
    foreign('event', '401 403 403 403 404 403 403 403 404', { alt: 'x' }),
  ],
  'DELETE /events/:id/images/:image_id': [
    own('event', '401 403 404 403 404 403 403 403 404'),
    foreign('event', '401 403 403 403 404 403 403 403 404'),
  ],
  'GET /events/:id/staff': [
    own('event', '401 403 200 403 200 403 403 403 200'),
    foreign('event', '401 403 403 403 200 403 403 403 200'),
  ],
  'POST /events/:id/staff': [
    own('event', '401 403 201 403 201 403 403 403 201', newStaff),
    foreign('event', '401 403 403 403 201 403 403 403 201', newStaff),
  ],
  'DELETE /events/:id/staff/:user_id': [
    own('event', '401 403 404 403 404 403 403 403 404'),
    foreign('event', '401 403 403 403 404 403 403 403 404'),
  ],

  'POST /bookings': v1['POST /bookings']!,
  'GET /bookings': v1['GET /bookings']!,
  'GET /bookings/:id': v1['GET /bookings/:id']!,
  'GET /bookings/:id/tickets': v1['GET /bookings/:id']!,
  'DELETE /bookings/:id': [
    own('booking', '401 403 204 403 204 403 403 403 204'),
    foreign('booking', '401 403 404 403 204 403 403 403 204'),
  ],
  // The organizers here let no customer cancel.
  'POST /bookings/:id/cancellation': [
    own('booking', '401 409 200 403 200 403 403 403 200', {}),
    foreign('booking', '401 404 404 403 200 403 403 403 200', {}),
  ],
  // With nobody to pay: who may see the booking is told that, the others that there is no booking.
  'POST /bookings/:id/payments': [
    own('booking', '401 404 403 403 404 403 403 403 404', {}),
    ofAnother('booking', '401 404 403 403 404 403 403 403 404', {}),
  ],
  'GET /bookings/:id/payments': v1['GET /bookings/:id']!,
  'GET /bookings/:id/refunds': v1['GET /bookings/:id']!,
  'GET /payments/:id': [
    own('payment', '401 200 200 403 200 200 403 403 200'),
    foreign('payment', '401 404 404 403 200 404 403 403 200'),
  ],
  'GET /payment-providers': v1['GET /events']!,
  'GET /payment-notices': [ask('', '401 403 403 403 200 403 403 403 200')],
  'GET /refunds': [ask('', '401 403 200 403 200 200 403 403 200')],
  'POST /refunds/:id/completion': [
    own('refund', '401 403 200 403 200 403 403 403 200', {}),
    foreign('refund', '401 403 404 403 200 403 403 403 200', {}),
  ],
  // Whoever it is, no such provider is set up here.
  'POST /webhooks/:provider': [ask('', '404 404 404 404 404 403 403 403 404', () => ({}))],
  'POST /bookings/:id/restoration': [own('booking', '401 403 403 403 404 403 403 403 404')],

  'GET /tickets': v1['GET /tickets']!,
  'GET /tickets/:id': v1['GET /tickets/:id']!,
  'POST /tickets/:id/use': v1['PUT /tickets/:id/use']!,
  // By an account here; holders without one bring a link.
  'PATCH /tickets/:id': [
    own('ticket', '401 200 200 403 200 403 403 403 200', { holder_name: 'Citra' }),
    foreign('ticket', '401 404 404 403 200 403 403 403 200', { holder_name: 'Citra' }),
    { ...withLink('ticket', { holder_name: 'Citra' }), statuses: '200 200 200 200 200 403 403 403 200' },
  ],
  // An organizer does not give away what somebody bought.
  'POST /tickets/:id/transfers': [
    own('ticket', '401 201 404 403 201 403 403 403 201', { email: 'citra@example.com' }),
    foreign('ticket', '401 404 404 403 201 403 403 403 201', { email: 'citra@example.com' }),
    { ...withLink('ticket', { email: 'citra@example.com' }), statuses: '201 201 201 201 201 403 403 403 201' },
  ],
  'GET /tickets/:id/transfers': [
    own('ticket', '401 200 200 403 200 200 403 403 200'),
    foreign('ticket', '401 404 404 403 200 404 403 403 200'),
  ],
  'GET /transfers/:id': [{ ...withLink('transfer'), statuses: '200 200 200 200 200 403 403 403 200' }],
  'POST /transfers/:id/acceptance': [
    { ...bringingLink({ holder_name: 'Citra' }), statuses: '200 200 200 200 200 403 403 403 200' },
    own('transfer', '403 403 403 403 403 403 403 403 403', { token: 'x', holder_name: 'Citra' }),
  ],
  'POST /transfers/:id/refusal': [
    { ...bringingLink({}), statuses: '200 200 200 200 200 403 403 403 200' },
    own('transfer', '403 403 403 403 403 403 403 403 403', { token: 'x' }),
  ],
  'POST /transfers/:id/withdrawal': [
    own('transfer', '401 200 200 403 200 403 403 403 200'),
    foreign('transfer', '401 404 404 403 200 403 403 403 200'),
  ],

  'GET /tickets/:id/qr.svg': documentsOf('ticket'),
  'GET /tickets/:id/qr.png': documentsOf('ticket'),
  'GET /tickets/:id/pdf': documentsOf('ticket'),
  'GET /bookings/:id/tickets.pdf': documentsOf('booking'),
  'GET /bookings/:id/event.ics': documentsOf('booking'),
  'GET /events/:id/event.ics': [foreign('event', '200 200 200 200 200 200 200 200 200')],
  'POST /tickets/:id/links': [
    own('ticket', '401 201 201 403 201 403 403 403 201'),
    foreign('ticket', '401 404 404 403 201 403 403 403 201'),
  ],
  'POST /bookings/:id/links': [
    own('booking', '401 201 201 403 201 403 403 403 201'),
    foreign('booking', '401 404 404 403 201 403 403 403 201'),
  ],

  'POST /check-ins': [
    ask('own event', '401 403 200 200 200 403 403 200 200', (scene) => aScan(scene, 'own')),
    ask('event of another', '401 403 403 403 200 403 403 403 200', (scene) => aScan(scene, 'foreign')),
  ],
  'GET /check-ins': [
    ofEvent('own', '401 403 200 200 200 200 403 403 200'),
    ofEvent('foreign', '401 403 403 403 200 403 403 403 200'),
  ],
  'POST /check-ins/:id/undo': [
    anUndo('own', '401 403 200 403 200 403 403 403 200'),
    anUndo('foreign', '401 403 404 403 200 403 403 403 200'),
  ],
  'GET /events/:id/check-in-list': [
    own('event', '401 403 200 200 200 200 403 403 200'),
    foreign('event', '401 403 403 403 200 403 403 403 200'),
  ],
  'GET /events/:id/check-in-counts': [
    own('event', '401 403 200 200 200 200 403 403 200'),
    foreign('event', '401 403 403 403 200 403 403 403 200'),
  ],
  'GET /events/:id/door-snapshot': [
    own('event', '401 403 200 200 200 403 403 200 200'),
    ofAnother('event', '401 403 403 403 200 403 403 403 200'),
  ],
  'POST /events/:id/scans': [
    offline('own', '401 403 200 200 200 403 403 200 200'),
    offline('foreign', '401 403 403 403 200 403 403 403 200'),
  ],

  'GET /api-keys': [ask('', '401 403 200 403 200 403 403 403 200')],
  'POST /api-keys': [
    ask('for themselves', '401 403 201 403 201 403 403 403 403', () => ({ name: 'Box office', scopes: ['sell'] })),
  ],
  'DELETE /api-keys/:id': [
    { name: 'none of theirs', statuses: '401 403 404 403 404 403 403 403 404', request: async () => ({ id: 999_999 }) },
  ],
  'GET /audit-entries': [ask('', '401 403 200 403 200 403 403 403 200')],

  'GET /ledger-entries': [ask('', '401 403 200 403 200 403 403 403 200')],
  'GET /balance': [
    ask('organizer_id left out', '401 403 200 403 400 403 403 403 400'),
    {
      name: 'own organizer_id',
      statuses: '401 403 200 403 200 403 403 403 200',
      request: async ({ me }) => ({ query: `?organizer_id=${me.id}` }),
    },
    {
      name: 'organizer_id of another',
      statuses: '401 403 403 403 200 403 403 403 200',
      request: async ({ make }) => ({ query: `?organizer_id=${(await make.anOrganizer()).id}` }),
    },
  ],
  'GET /events/:id/takings': [
    own('event', '401 403 200 403 200 403 403 403 200'),
    foreign('event', '401 403 403 403 200 403 403 403 200'),
  ],
  'GET /mails': [ask('', '401 403 200 403 200 403 403 403 200')],
  'POST /mails/:id/retry': [
    {
      name: 'a mail about their own event',
      statuses: '401 403 200 403 200 403 403 403 200',
      request: async ({ deps, me }) => ({ id: await aSentMail(deps, me.id) }),
    },
    {
      name: 'foreign mail',
      statuses: '401 403 404 403 200 403 403 403 200',
      request: async ({ deps, make }) => ({ id: await aSentMail(deps, (await make.anOrganizer()).id) }),
    },
  ],
  'GET /outbox-messages': [ask('', '401 403 403 403 200 403 403 403 200')],
  'POST /outbox-messages/:id/retry': [
    {
      name: 'a dead one',
      statuses: '401 403 403 403 200 403 403 403 200',
      request: async ({ deps }) => ({ id: await aDeadMessage(deps) }),
    },
  ],
}

const tables: Readonly<Record<string, Table>> = { '/api/v1': v1, '/api/v2': v2 }

/** As the server itself lists them. */
const routes = [on.app.swagger(), on.app.swaggerV2()]
  .flatMap((document) => Object.entries((document as { paths: Record<string, object> }).paths))
  .filter(([path]) => path.startsWith('/api/'))
  .flatMap(([path, operations]) => Object.keys(operations).map((method) => ({ method: method.toUpperCase(), path })))
  .map(({ method, path }) => {
    const [, version = '', rest = ''] = /^(\/api\/v\d+)(\/.*)$/.exec(path)!
    return { version, name: `${method} ${rest.replace(/\{(\w+)\}/g, ':$1')}` }
  })

test('every route of the server has its row here, and every row a route', () => {
  const missing = routes.filter(({ version, name }) => !tables[version]?.[name])
  assert.deepEqual(missing, [], 'routes without a row')
  const served = new Set(routes.map(({ version, name }) => `${version} ${name}`))
  const rows = Object.entries(tables).flatMap(([version, table]) =>
    Object.keys(table).map((name) => `${version} ${name}`),
  )
  assert.deepEqual(
    rows.filter((row) => !served.has(row)),
    [],
    'rows without a route',
  )
})

const no_such_id = 999_999_999
/** An update of version 2 says which version it means. */
const anyVersion = { 'if-match': '*' }

function urlOf(version: string, path: string, id: number | undefined, query = ''): string {
  return `${version}${path.replace(':id', String(id)).replace(/:(user|image)_id/, String(no_such_id))}${query}`
}

for (const [version, table] of Object.entries(tables)) {
  for (const [route, cases] of Object.entries(table)) {
    for (const { name, statuses, request } of cases) {
      test(`${version} ${route}: ${name}`, async () => {
        const expected = statuses.split(' ').map(Number)
        assert.equal(expected.length, askers.length)
        const [method, path] = route.split(' ') as [string, string]
        const got: number[] = []
        for (const asker of askers) {
          const one = await scene(asker)
          const { id, body, query } = await request(one)
          const answer = await one.call(method, urlOf(version, path, id, query), body, anyVersion)
          got.push(answer.status)
          if (answer.status === 401) assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="karcis"/)
          if (answer.status !== 404 || !name.startsWith('foreign') || /:(user|image)_id/.test(path)) continue
          // As if it were not there.
          const nothing = await one.call(method, urlOf(version, path, no_such_id), body, anyVersion)
          assert.deepEqual([nothing.status, nothing.text], [404, answer.text], asker)
        }
        const named = (list: number[]) => askers.map((asker, index) => `${asker}: ${list[index]}`)
        assert.deepEqual(named(got), named(expected))
      })
    }
  }
}

test('the paths without a version refuse a visitor just as those of version 1', async () => {
  for (const [route, cases] of Object.entries(v1)) {
    const [method, path] = route.split(' ') as [string, string]
    const [{ statuses, request }] = cases as [Case]
    const one = await scene('visitor')
    const { id, body } = await request(one)
    const { status } = await one.call(method, path.replace(':id', String(id)), body)
    assert.equal(status, Number(statuses.split(' ')[0]), route)
  }
})

test('HEAD is refused as GET is', async () => {
  for (const path of ['/users', '/bookings', '/tickets', '/auth/me', '/users/1', '/bookings/1', '/tickets/1']) {
    assert.equal((await on.app.inject({ method: 'HEAD', url: `/api/v1${path}` })).statusCode, 401, path)
  }
})

const idsOf = (answer: { body: { data: { id: number }[] } }) => answer.body.data.map(({ id }) => id)

for (const list of ['bookings', 'tickets'] as const) {
  const entity = list === 'bookings' ? 'booking' : 'ticket'
  for (const asker of [
    'customer',
    'organizer',
    'key: read',
    ...(list === 'tickets' ? (['staff'] as const) : []),
  ] as const) {
    test(`a list of ${list} has own rows only, whatever it is narrowed to: ${asker}`, async () => {
      const one = await scene(asker)
      const mine = [await one.row(entity, 'own'), await one.row(entity, 'own')]
      const other = await one.row(entity, 'foreign')
      assert.deepEqual(idsOf(await one.call('GET', `/api/v1/${list}`)), mine)
      const { customer_id, event_id } = await one.deps.database.db
        .selectFrom('booking')
        .select(['customer_id', 'event_id'])
        .$if(entity === 'booking', (query) => query.where('id', '=', other))
        .$if(entity === 'ticket', (query) =>
          query.where('id', '=', (eb) => eb.selectFrom('ticket').select('booking_id').where('id', '=', other)),
        )
        .executeTakeFirstOrThrow()
      for (const filter of [`customer_id=${customer_id}`, `event_id=${event_id}`]) {
        assert.deepEqual(idsOf(await one.call('GET', `/api/v1/${list}?${filter}`)), [], filter)
      }
    })
  }
}

test('one who has nothing gets an empty list, not that of all', async () => {
  for (const asker of ['customer', 'organizer', 'staff', 'key: read'] as const) {
    const one = await scene(asker)
    await one.row('ticket', 'foreign')
    assert.deepEqual(idsOf(await one.call('GET', '/api/v1/tickets')), [], asker)
  }
})

test('what is left out comes from the token, and the row is the caller’s', async () => {
  const customer = await scene('customer')
  const event_id = await customer.row('event', 'foreign')
  const booked = await customer.call('POST', '/api/v1/bookings', { event_id, quantity: 1 })
  assert.equal(booked.body.data.customer_id, customer.me.id)
  const organizer = await scene('organizer')
  const made = await organizer.call('POST', '/api/v1/events', newEvent)
  assert.equal(made.body.data.organizer_id, organizer.me.id)
})
