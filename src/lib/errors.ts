import type { Language } from './language.ts'
import { refusalsInIndonesian } from './refusals.id.ts'

/**
 * Every way in which a request can be refused, declared once: its code (stable, for programs),
 * its HTTP status and its message (part of the v1 contract where the contract names it).
 */
const refusals = {
  invalid_request: [400, 'invalid request'],
  invalid_body: [400, 'invalid request body'],
  invalid_cursor: [400, 'the cursor is not one that this list gave out: begin again without one'],
  invalid_document: [400, 'this is no GraphQL document that can be run here'],
  document_too_complex: [400, 'the GraphQL document asks for too much at once: ask for less, or in several requests'],
  document_not_listed: [403, 'this server runs documents that are listed here, and no others'],
  operation_not_here: [400, 'this kind of operation does not go this way'],
  persisted_query_not_found: [400, 'PersistedQueryNotFound'],
  persisted_query_mismatch: [400, 'sha256Hash is not the SHA-256 of query'],
  precondition_required: [428, 'send the ETag of what you mean to change as If-Match'],
  precondition_failed: [412, 'this has changed since you read it: read it again, then change it'],
  host_missing: [400, 'a request by HTTP/1.1 must have a Host'],
  expectation_failed: [417, 'nothing but 100-continue is expected here'],
  route_not_found: [404, 'route not found'],
  misdirected: [421, 'another role serves this path: send it to a server whose ROLES name it'],
  method_not_allowed: [405, 'method not allowed'],
  body_too_large: [413, 'request body too large'],
  url_too_long: [414, 'request URL too long'],
  unsupported_content_type: [415, "content type must be 'application/json'"],
  unsupported_content_encoding: [415, 'send the body as it is, without Content-Encoding'],
  headers_too_large: [431, 'request headers too large'],
  request_timeout: [408, 'request took too long to arrive'],
  too_many_requests: [429, 'too many requests, try again in a moment'],
  server_busy: [503, 'the server is busy, try again shortly'],
  database_unavailable: [503, 'the database is unavailable, try again shortly'],
  server_stopping: [503, 'this server is stopping: ask another one'],
  tables_outdated: [503, 'the tables are older than this server: run npm run migrate'],
  outcome_unknown: [
    503,
    'the database was lost while this was being kept: look whether it was done before trying again, ' +
      'or send it again with the same Idempotency-Key',
  ],

  not_signed_in: [401, 'authentication required: send an access token as Authorization: Bearer'],
  invalid_token: [401, 'the access token is invalid or has expired: refresh it, or sign in again'],
  invalid_credentials: [401, 'invalid email or password'],
  invalid_refresh_token: [401, 'the refresh token is invalid, used or expired: sign in again'],
  invalid_link: [403, 'the link is invalid or has expired: ask for a new one'],
  invalid_reset_token: [400, 'the token is invalid, used or expired: ask for a new one'],
  wrong_password: [403, 'the current password is wrong'],
  too_many_failures: [429, 'too many failed attempts, try again later'],
  csrf_header_missing: [403, 'a request by cookie needs the header X-CSRF-Protection: 1, from this site'],
  origin_refused: [403, 'pages of this origin may not look on: its server must name it in CORS_ORIGINS'],
  websocket_expected: [426, 'ask for a WebSocket here, or for server-sent events under /live/events'],
  too_many_channels: [409, 'you look on at as many channels as one client may: unsubscribe from one first'],
  forbidden: [403, 'your account may not do this'],
  scope_missing: [403, 'this API key may not do this'],
  api_key_not_found: [404, 'API key not found'],
  too_many_api_keys: [409, 'you have as many API keys as there may be: revoke one first'],
  staff_not_found: [404, 'staff member not found'],
  staff_role_taken: [409, 'this email belongs to an account that is not staff'],

  role_not_yours_to_change: [403, 'only an admin may change a role'],
  user_not_found: [404, 'user not found'],
  nothing_to_restore: [404, 'there is nothing deleted under this id'],
  email_already_exists: [409, 'email already exists'],
  password_too_long: [400, 'password must be at most 72 bytes long'],
  user_has_bookings: [409, 'cannot delete user with existing bookings'],
  organizer_has_events: [409, 'cannot delete organizer with existing events'],

  event_not_found: [404, 'event not found'],
  organizer_not_found: [404, 'organizer not found'],
  not_own_organizer_id: [403, 'organizer_id must be your own'],
  not_own_event: [403, "this event is another organizer's"],
  not_an_organizer: [403, 'only users with organizer role can manage events'],
  event_date_not_in_future: [400, 'event date must be in the future'],
  capacity_below_booked_seats: [400, 'cannot reduce capacity below already booked seats'],
  currency_fixed: [409, 'the currency of an event that was booked stays as it is'],
  too_many_ticket_types: [409, 'an event has at most 50 ticket types'],
  ticket_type_already_sold: [
    409,
    'a type that shared the seats of its event can get its own only before the first sale',
  ],
  last_ticket_type: [409, 'an event keeps at least one ticket type: close its sale instead'],
  quantity_range_empty: [400, 'min_per_booking must not be above max_per_booking'],
  sales_window_empty: [400, 'sales_open_at must be before sales_close_at'],
  event_ends_too_early: [400, 'ends_at must be after date'],
  event_has_bookings: [409, 'cannot delete event with existing bookings'],

  image_not_found: [404, 'image not found'],
  image_missing: [400, "send one picture, as the form's file 'image'"],
  invalid_upload: [400, "send a form of one file, 'image', and no field but 'alt', and all of it"],
  unsupported_image: [415, 'send a JPEG, PNG, WebP or AVIF picture'],
  image_too_small: [400, 'the picture must be at least 200 pixels wide and high'],
  image_too_large: [413, 'the picture is too large: send at most 10 MB and 50 megapixels'],
  image_broken: [422, 'the picture is cut off or broken: send it again'],
  too_many_images: [409, 'an event has at most 10 pictures: remove one first'],
  files_unavailable: [503, 'pictures can be neither kept nor shown right now, try again shortly'],

  booking_not_found: [404, 'booking not found'],
  customer_not_found: [404, 'customer not found'],
  not_own_customer_id: [403, 'customer_id must be your own'],
  booking_has_used_tickets: [409, 'cannot delete booking with used tickets'],
  not_a_customer: [403, 'only users with customer role can book tickets'],
  holder_names_mismatch: [400, 'number of holder names must match quantity'],
  event_not_available: [409, 'event is not available'],
  not_enough_seats: [409, 'not enough seats available'],
  items_or_quantity: [400, 'send either items or quantity'],
  too_many_tickets: [400, 'quantity must be at most 1000 in all'],
  ticket_type_not_found: [404, 'ticket type not found'],
  ticket_type_not_on_sale: [409, 'tickets of this type are not on sale now'],
  ticket_type_repeated: [400, 'name each ticket type once'],
  quantity_not_sold: [409, 'so many tickets of this type are not sold at a time'],
  total_not_payable: [422, 'no payment provider takes this amount in this currency'],

  invalid_idempotency_key: [400, 'Idempotency-Key must be 1 to 255 printable ASCII characters'],
  idempotency_key_reused: [422, 'this Idempotency-Key was used with another request'],
  idempotency_key_in_use: [409, 'a request with this Idempotency-Key is still being processed'],

  webhook_forged: [
    401,
    'this webhook is not signed as its provider signs, or long ago: compare the key and token that are set here with ' +
      "the provider's dashboard",
  ],
  invalid_webhook: [400, 'this is nothing that this payment provider sends'],

  ticket_not_found: [404, 'ticket not found'],
  ticket_already_used: [400, 'ticket has already been used'],
  names_closed: [409, 'names can no longer be changed, nor tickets handed over, for this event'],
  transfer_not_found: [404, 'there is no such offer of a ticket'],
  transfer_closed: [409, 'this offer was accepted, withdrawn or has expired'],
  too_many_transfers: [409, 'this ticket was offered too often'],
  ticket_unknown: [404, 'this is no ticket of this event'],
  ticket_of_another_event: [409, 'this ticket is for another event'],
  ticket_handed_over: [409, 'this ticket was handed over: its new holder has a new code'],
  ticket_not_yet_valid: [409, 'the doors are not open yet'],
  already_admitted: [409, 'this ticket has been let in'],
  not_inside: [409, 'this ticket is not inside'],
  reentry_not_allowed: [409, 'who leaves this event does not come back'],
  token_forged: [422, 'this is no token of ours, or it was changed'],
  token_or_code: [400, 'send either token or code'],
  check_in_not_found: [404, 'check-in not found'],
  check_in_undone: [409, 'this check-in was undone before'],
  check_in_not_latest: [409, 'only the last check-in of a ticket can be undone'],

  mail_not_found: [404, 'mail not found'],
  mail_waiting: [409, 'the mail is waiting to be sent already'],
  outbox_message_not_found: [404, 'there is no dead message under this id'],
  ticket_void: [409, 'ticket has been cancelled'],

  booking_not_pending: [409, 'this booking is not waiting for a payment: make a new one'],
  provider_not_found: [404, 'there is no such payment provider here: see GET /payment-providers'],
  provider_refused: [502, 'the payment provider refused: try another one'],
  provider_unavailable: [503, 'the payment provider does not answer: try again, or another one'],
  too_many_payments: [409, 'there were too many attempts to pay for this booking'],
  payment_not_found: [404, 'payment not found'],
  refund_not_found: [404, 'refund not found'],
  refund_not_by_hand: [409, 'this refund does not wait for a person'],
  booking_has_payments: [409, 'cannot delete a booking that was paid or is to be paid: cancel it instead'],
  booking_not_cancellable: [409, 'this booking has no tickets to cancel'],
  cancellation_closed: [409, 'the organizer takes no cancellation any more'],
  ticket_not_of_booking: [400, 'ticket_ids must be tickets of this booking'],
  event_already_cancelled: [409, 'this event has been cancelled'],
  event_not_cancelled: [404, 'this event has not been cancelled'],
} as const satisfies Record<string, readonly [status: number, message: string]>

export type ErrorCode = keyof typeof refusals

/** The HTTP status that goes with a code. */
export function statusOf(code: ErrorCode): number {
  return refusals[code][0]
}

/** The default message that goes with a code. */
export function messageOf(code: ErrorCode, language: Language = 'en'): string {
  return language === 'id' ? refusalsInIndonesian[code] : refusals[code][1]
}

/** What is wrong with one field: where it is, as a JSON pointer (RFC 6901), and why. */
export type FieldError = {
  in: 'body' | 'query' | 'path' | 'header'
  pointer: string
  detail: string
  /** The same in Indonesian, where there is a sentence for it. */
  detail_id?: string
}

/**
 * A refusal that the caller can understand and act on. Anything else that is thrown is a bug. It has no stack: nobody looks
 * for where a refusal came from, and to note that takes some 7 µs, also while a crowd is refused.
 */
export class DomainError extends Error {
  readonly code: ErrorCode

  /** When it is worth trying again, where that is known. */
  readonly retry_after_s: number | undefined
  /** Each field that is wrong, where it is the fields. */
  readonly fields: readonly FieldError[] | undefined
  /** What a program may show or act on besides, as members of the answer of its own. */
  readonly members: Readonly<Record<string, unknown>> | undefined

  constructor(
    code: ErrorCode,
    message: string = messageOf(code),
    {
      retry_after_s,
      fields,
      members,
      ...options
    }: ErrorOptions & {
      retry_after_s?: number
      fields?: readonly FieldError[]
      members?: Readonly<Record<string, unknown>>
    } = {},
  ) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(message, options)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'DomainError'
    this.code = code
    this.retry_after_s = retry_after_s
    this.fields = fields
    this.members = members
  }
}

/** A reason not to start, told to the operator in one sentence and without a stack trace. */
export class StartupError extends Error {
  override name = 'StartupError'
}
