/**
 * Every way in which a request can be refused, declared once: its code (stable, for programs),
 * its HTTP status and its message (part of the v1 contract where the contract names it).
 */
const refusals = {
  invalid_request: [400, 'invalid request'],
  invalid_body: [400, 'invalid request body'],
  route_not_found: [404, 'route not found'],
  method_not_allowed: [405, 'method not allowed'],
  body_too_large: [413, 'request body too large'],
  url_too_long: [414, 'request URL too long'],
  unsupported_content_type: [415, "content type must be 'application/json'"],
  headers_too_large: [431, 'request headers too large'],
  request_timeout: [408, 'request took too long to arrive'],
  too_many_requests: [429, 'too many requests, try again in a moment'],
  server_busy: [503, 'the server is busy, try again shortly'],
  database_unavailable: [503, 'the database is unavailable, try again shortly'],
  outcome_unknown: [
    503,
    'the database was lost while this was being kept: look whether it was done before trying again, ' +
      'or send it again with the same Idempotency-Key',
  ],

  user_not_found: [404, 'user not found'],
  email_already_exists: [409, 'email already exists'],
  password_too_long: [400, 'password must be at most 72 bytes long'],
  user_has_bookings: [409, 'cannot delete user with existing bookings'],
  organizer_has_events: [409, 'cannot delete organizer with existing events'],

  event_not_found: [404, 'event not found'],
  organizer_not_found: [404, 'organizer not found'],
  not_an_organizer: [403, 'only users with organizer role can manage events'],
  event_date_not_in_future: [400, 'event date must be in the future'],
  capacity_below_booked_seats: [400, 'cannot reduce capacity below already booked seats'],
  event_has_bookings: [409, 'cannot delete event with existing bookings'],

  booking_not_found: [404, 'booking not found'],
  customer_not_found: [404, 'customer not found'],
  not_a_customer: [403, 'only users with customer role can book tickets'],
  holder_names_mismatch: [400, 'number of holder names must match quantity'],
  event_not_available: [409, 'event is not available'],
  not_enough_seats: [409, 'not enough seats available'],

  invalid_idempotency_key: [400, 'Idempotency-Key must be 1 to 255 printable ASCII characters'],
  idempotency_key_reused: [422, 'this Idempotency-Key was used with another request'],
  idempotency_key_in_use: [409, 'a request with this Idempotency-Key is still being processed'],

  ticket_not_found: [404, 'ticket not found'],
  ticket_already_used: [400, 'ticket has already been used'],
} as const satisfies Record<string, readonly [status: number, message: string]>

export type ErrorCode = keyof typeof refusals

/** The HTTP status that goes with a code. */
export function statusOf(code: ErrorCode): number {
  return refusals[code][0]
}

/** The default message that goes with a code. */
export function messageOf(code: ErrorCode): string {
  return refusals[code][1]
}

/** A refusal that the caller can understand and act on. Anything else that is thrown is a bug. */
export class DomainError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string = messageOf(code), options?: ErrorOptions) {
    super(message, options)
    this.name = 'DomainError'
    this.code = code
  }
}

/** A reason not to start, told to the operator in one sentence and without a stack trace. */
export class StartupError extends Error {
  override name = 'StartupError'
}
