import type { Scope } from '../../lib/caller.ts'
import type { ErrorCode } from '../../lib/errors.ts'

/** `own`: their rows only; what these are is said in docs/rules/access.md, row by row. */
export type Reach = 'own' | 'all'

export type Rule = Readonly<{
  /** Needs no account. */
  visitor?: Reach
  customer?: Reach
  organizer?: Reach
  staff?: Reach
  /** Left out: all. `own` for what concerns the account itself. */
  admin?: Reach
  /** The scope by which an API key gets in, with the reach of its owner. Left out: no key does, but to what visitors see. */
  scope?: Scope
  /** What the other roles are told; `forbidden` if left out. */
  refusal?: ErrorCode
}>

const everyone = { visitor: 'all', customer: 'all', organizer: 'all', staff: 'all' } as const
const account = { customer: 'own', organizer: 'own', staff: 'own', admin: 'own' } as const
const publicRead = everyone
/** Signing in and the like: for whoever brings the right thing, whatever token comes along. */
const credentials = { visitor: 'own', customer: 'own', organizer: 'own', staff: 'own', admin: 'own' } as const
/** By their account or, without one, by the link to their ticket, whatever token comes along. */
const holders = { visitor: 'own', customer: 'own', organizer: 'own', staff: 'own' } as const
/** By signing in, or by a link: the use case tells. */
const linked = { visitor: 'own', customer: 'own', organizer: 'own', staff: 'own', scope: 'read' } as const
const organizers = { organizer: 'own' } as const
const adminOnly = {} as const

/**
 * Who may call what: every route there is, under each of its paths (`/api/v1`, `/api/v2` and none). A role that is
 * not named may not call it; an admin may call all. A route that is missing here keeps the server from starting.
 */
export const access: Readonly<Record<string, Rule>> = {
  'POST /auth/login': credentials,
  'POST /auth/refresh': credentials,
  'POST /auth/logout': credentials,
  'POST /auth/forgot': credentials,
  'POST /auth/reset': credentials,
  'POST /auth/confirm-email': credentials,
  'POST /auth/confirm-email/request': account,
  'POST /auth/logout-all': account,
  'POST /auth/password': account,
  'GET /auth/me': { ...account, scope: 'read' },

  'POST /users/register': credentials,
  'POST /users': credentials,
  'GET /users': adminOnly,
  'GET /users/:id': { customer: 'own', organizer: 'own', staff: 'own', scope: 'read' },
  'PUT /users/:id': { customer: 'own', organizer: 'own', staff: 'own' },
  'PATCH /users/:id': { customer: 'own', organizer: 'own', staff: 'own' },
  'DELETE /users/:id': { customer: 'own', organizer: 'own', staff: 'own' },
  'POST /users/:id/restoration': adminOnly,
  'GET /users/:id/export': { customer: 'own', organizer: 'own', staff: 'own' },
  'POST /users/:id/erasure': { customer: 'own', organizer: 'own', staff: 'own' },

  'GET /events': publicRead,
  'GET /events/:id': publicRead,
  'POST /events': { ...organizers, refusal: 'not_an_organizer' },
  'PUT /events/:id': organizers,
  'PATCH /events/:id': organizers,
  'DELETE /events/:id': organizers,
  'POST /events/:id/restoration': adminOnly,
  'POST /events/:id/cancellation': organizers,
  'GET /events/:id/cancellation': organizers,
  'GET /events/:id/ticket-types': publicRead,
  'POST /events/:id/ticket-types': organizers,
  'GET /ticket-types/:id': publicRead,
  'PATCH /ticket-types/:id': organizers,
  'DELETE /ticket-types/:id': organizers,
  'GET /events/:id/images': publicRead,
  'POST /events/:id/images': organizers,
  'PATCH /events/:id/images/:image_id': organizers,
  'DELETE /events/:id/images/:image_id': organizers,
  'GET /events/:id/staff': organizers,
  'POST /events/:id/staff': organizers,
  'DELETE /events/:id/staff/:user_id': organizers,

  // An organizer books for others by an API key alone: a box office.
  'POST /bookings': { customer: 'own', scope: 'sell', refusal: 'not_a_customer' },
  'GET /bookings': { customer: 'own', organizer: 'own', scope: 'read' },
  'GET /bookings/:id': { customer: 'own', organizer: 'own', scope: 'read' },
  'GET /bookings/:id/tickets': { customer: 'own', organizer: 'own', scope: 'read' },
  'DELETE /bookings/:id': organizers,
  'POST /bookings/:id/restoration': adminOnly,
  'POST /bookings/:id/cancellation': { customer: 'own', organizer: 'own' },

  'GET /payment-providers': publicRead,
  'POST /bookings/:id/payments': { customer: 'own' },
  'GET /bookings/:id/payments': { customer: 'own', organizer: 'own', scope: 'read' },
  'GET /bookings/:id/refunds': { customer: 'own', organizer: 'own', scope: 'read' },
  'GET /payments/:id': { customer: 'own', organizer: 'own', scope: 'read' },
  'GET /refunds': { organizer: 'own', scope: 'read' },
  'POST /refunds/:id/completion': organizers,
  'GET /payment-notices': adminOnly,
  // For whoever brings what is signed as the provider signs.
  'POST /webhooks/:provider': credentials,

  'GET /tickets': { customer: 'own', organizer: 'own', staff: 'own', scope: 'read' },
  'GET /tickets/:id': { customer: 'own', organizer: 'own', staff: 'own', scope: 'read' },
  'PATCH /tickets/:id': holders,
  'POST /tickets/:id/transfers': holders,
  'GET /tickets/:id/transfers': { customer: 'own', organizer: 'own', scope: 'read' },
  'GET /transfers/:id': credentials,
  'POST /transfers/:id/acceptance': credentials,
  'POST /transfers/:id/refusal': credentials,
  'POST /transfers/:id/withdrawal': holders,
  'PUT /tickets/:id/use': { organizer: 'own', staff: 'own', scope: 'check-in' },
  'POST /tickets/:id/use': { organizer: 'own', staff: 'own', scope: 'check-in' },
  'POST /check-ins': { organizer: 'own', staff: 'own', scope: 'check-in' },
  'GET /check-ins': { organizer: 'own', staff: 'own', scope: 'read' },
  'POST /check-ins/:id/undo': organizers,
  'GET /events/:id/check-in-list': { organizer: 'own', staff: 'own', scope: 'read' },
  'GET /events/:id/check-in-counts': { organizer: 'own', staff: 'own', scope: 'read' },
  'GET /events/:id/door-snapshot': { organizer: 'own', staff: 'own', scope: 'check-in' },
  'POST /events/:id/scans': { organizer: 'own', staff: 'own', scope: 'check-in' },

  'GET /tickets/:id/qr.svg': linked,
  'GET /tickets/:id/qr.png': linked,
  'GET /tickets/:id/pdf': linked,
  'GET /bookings/:id/tickets.pdf': linked,
  'GET /bookings/:id/event.ics': linked,
  'GET /events/:id/event.ics': publicRead,
  'POST /bookings/:id/links': { customer: 'own', organizer: 'own' },
  'POST /tickets/:id/links': { customer: 'own', organizer: 'own' },

  'GET /api-keys': organizers,
  'POST /api-keys': organizers,
  'DELETE /api-keys/:id': organizers,

  'GET /audit-entries': organizers,

  'GET /ledger-entries': organizers,
  'GET /balance': organizers,
  'GET /events/:id/takings': organizers,
  'GET /mails': organizers,
  'POST /mails/:id/retry': organizers,
  'GET /outbox-messages': adminOnly,
  'POST /outbox-messages/:id/retry': adminOnly,
  // By a key that nobody guesses, and there outside production alone.
  'GET /sandbox/payments/:key': everyone,
  'POST /sandbox/payments/:key': everyone,

  // What links in mails lead to; the token of the link is what opens them.
  'GET /go/booking': everyone,
  'POST /go/booking/payment': everyone,
  'GET /go/ticket': everyone,
  'POST /go/ticket/name': everyone,
  'GET /go/transfer': everyone,
  'POST /go/transfer/acceptance': everyone,
  'POST /go/transfer/refusal': everyone,
  'GET /go/email': everyone,
  'POST /go/email': everyone,
  'GET /go/password': everyone,
  'POST /go/password': everyone,

  // Outside production alone, and without a mail server.
  'GET /dev/mail': everyone,
  'GET /dev/mail/:id': everyone,
  'GET /dev/mail/:id/text': everyone,
  'GET /dev/mail/:id/eml': everyone,
  'GET /dev/mail/:id/attachments/:filename': everyone,

  'GET /.well-known/jwks.json': everyone,
  'GET /images/:name': everyone,

  // Which channels somebody may look on at is told when they subscribe (features/live/topic.ts).
  'GET /live': everyone,
  'GET /live/events': everyone,
  'GET /asyncapi.json': everyone,

  // Each of its fields goes by the rule of one of the routes above.
  'GET /graphql': everyone,
  'POST /graphql': everyone,
  // Outside production alone.
  'GET /graphql/explorer': everyone,

  'GET /healthz': everyone,
  'GET /readyz': everyone,
  // With a token of its own, which the route asks for.
  'GET /metrics': everyone,
  'GET /': everyone,
  'GET /openapi.json': everyone,
  'GET /docs': everyone,
}

/** The rule of a route, whatever version it is served under; undefined if nobody has made one. */
export function ruleOf(method: string, path: string): Rule | undefined {
  const bare = path.replace(/^\/api\/v\d+(?=\/)/, '')
  // The files that the browsable reference and the explorer consist of.
  if (bare.startsWith('/docs/') || bare.startsWith('/graphql/explorer/')) return everyone
  return access[`${method === 'HEAD' ? 'GET' : method} ${bare}`]
}
