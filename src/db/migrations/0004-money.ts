import type { Dialect } from '../dialect.ts'

/** Ticket types, holds, payments, refunds, the ledger and the outbox (docs/decisions/0014-money.md). */
export function money(dialect: Dialect): string[] {
  const { columns, tableOptions } = dialect
  const { id, reference, integer, money, flag, timestamp, text, ascii, json } = columns
  return [
    `alter table event add column currency ${ascii('currency', 3)} not null default 'IDR'`,
    `alter table event add column time_zone ${ascii('time_zone', 64)} not null default 'Asia/Jakarta'`,
    `alter table event add column description ${text('description', 5000)} not null default ''`,
    `alter table event add column categories ${text('categories', 4000)} not null default '[]'`,
    `alter table event add column sales_open_at ${timestamp} null`,
    `alter table event add column sales_close_at ${timestamp} null`,
    `alter table event add column hold_minutes ${integer} not null default 15`,
    `alter table event add column cancel_until_hours ${integer} null`,
    `alter table event add column cancel_refund_percent ${integer} not null default 100`,
    `alter table event add column cancelled_at ${timestamp} null`,

    // capacity and available_seat are null where the type shares the event's seats.
    `create table ticket_type (
      id ${id},
      event_id ${reference} not null,
      name ${text('name', 100)} not null,
      description ${text('description', 1000)} not null default '',
      price ${money} not null check (price between 0 and 1000000000000),
      capacity ${integer} null,
      available_seat ${integer} null,
      sales_open_at ${timestamp} null,
      sales_close_at ${timestamp} null,
      min_per_booking ${integer} not null default 1,
      max_per_booking ${integer} not null default 1000,
      hidden ${flag} not null default 0 check (hidden in (0, 1)),
      position ${integer} not null default 0,
      version ${integer} not null default 1,
      deleted_at ${timestamp} null,
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      constraint ticket_type_seats check (available_seat between 0 and capacity),
      constraint ticket_type_event foreign key (event_id) references event (id)
    ) ${tableOptions}`,
    `create index ticket_type_event on ticket_type (event_id)`,
    `insert into ticket_type (event_id, name, price, created_at, updated_at)
      select id, 'Umum', price, created_at, updated_at from event`,

    ...allowAnyAnswer(dialect),
    ...allowMoreStatuses(dialect),
    `update ticket set
      ticket_type_id = (select min(ticket_type.id) from ticket_type where ticket_type.event_id = ticket.event_id),
      price = (select total_price / quantity from booking where booking.id = ticket.booking_id)`,

    // What a pending booking wants and until when its seats are kept. Gone when it is paid or given up; when it has
    // expired, expires_at is null, and its items stay for a while, in case that its money comes too late.
    `create table hold (
      booking_id ${reference} not null primary key,
      event_id ${reference} not null,
      expires_at ${timestamp} null,
      items ${json} not null,
      constraint hold_booking foreign key (booking_id) references booking (id)
    ) ${tableOptions}`,
    `create index hold_expiry on hold (expires_at)`,

    `create table payment (
      id ${id},
      booking_id ${reference} not null,
      provider ${ascii('provider', 16)} not null,
      attempt_key ${ascii('attempt_key', 64)} not null,
      amount ${money} not null,
      currency ${ascii('currency', 3)} not null,
      status ${ascii('status', 16)} not null,
      reference ${text('reference', 255)} null,
      charge ${text('charge', 255)} null,
      pay_url ${text('pay_url', 2000)} null,
      note ${text('note', 500)} null,
      check_at ${timestamp} null,
      checks ${integer} not null default 0,
      paid_at ${timestamp} null,
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      constraint payment_attempt unique (attempt_key),
      constraint payment_booking foreign key (booking_id) references booking (id)
    ) ${tableOptions}`,
    `create index payment_booking on payment (booking_id)`,
    `create index payment_check on payment (check_at)`,

    `create table refund (
      id ${id},
      payment_id ${reference} not null,
      booking_id ${reference} not null,
      organizer_id ${reference} not null,
      refund_key ${ascii('refund_key', 64)} not null,
      amount ${money} not null check (amount > 0),
      currency ${ascii('currency', 3)} not null,
      status ${ascii('status', 16)} not null,
      reason ${ascii('reason', 32)} not null,
      reference ${text('reference', 255)} null,
      note ${text('note', 500)} null,
      check_at ${timestamp} null,
      done_at ${timestamp} null,
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      constraint refund_key_once unique (refund_key),
      constraint refund_payment foreign key (payment_id) references payment (id)
    ) ${tableOptions}`,
    `create index refund_booking on refund (booking_id)`,
    `create index refund_payment on refund (payment_id)`,
    `create index refund_organizer on refund (organizer_id)`,
    `create index refund_status on refund (status)`,
    `create index refund_check on refund (check_at)`,

    // What providers have told, as it came: written down before anything is done about it.
    `create table payment_notice (
      id ${id},
      provider ${ascii('provider', 16)} not null,
      event_key ${ascii('event_key', 255)} not null,
      attempt_key ${ascii('attempt_key', 255)} null,
      body ${json} not null,
      outcome ${ascii('outcome', 16)} not null,
      received_at ${timestamp} not null,
      applied_at ${timestamp} null,
      constraint payment_notice_once unique (provider, event_key)
    ) ${tableOptions}`,
    `create index payment_notice_outcome on payment_notice (outcome)`,

    // The entries of one cause add up to nothing; each account has one entry of a cause at most.
    `create table ledger_entry (
      id ${id},
      cause ${ascii('cause', 64)} not null,
      account ${ascii('account', 64)} not null,
      amount ${money} not null,
      currency ${ascii('currency', 3)} not null,
      event_id ${reference} not null,
      booking_id ${reference} not null,
      at ${timestamp} not null,
      constraint ledger_entry_once unique (cause, account)
    ) ${tableOptions}`,
    // Lists are read newest first by the short ones; what an account or an event adds up to, from the long ones alone.
    `create index ledger_entry_account on ledger_entry (account)`,
    `create index ledger_entry_event on ledger_entry (event_id)`,
    `create index ledger_entry_account_sum on ledger_entry (account, currency, amount)`,
    `create index ledger_entry_event_sum on ledger_entry (event_id, account, currency, amount)`,
    `create index ledger_entry_booking on ledger_entry (booking_id)`,

    // run_at is null when it is dead: whoever looks for work doesn't see it.
    `create table outbox (
      id ${id},
      kind ${ascii('kind', 32)} not null,
      dedup_key ${ascii('dedup_key', 128)} not null,
      payload ${json} not null,
      run_at ${timestamp} null,
      attempts ${integer} not null default 0,
      last_error ${text('last_error', 1000)} null,
      dead_at ${timestamp} null,
      created_at ${timestamp} not null,
      constraint outbox_once unique (kind, dedup_key)
    ) ${tableOptions}`,
    `create index outbox_due on outbox (run_at)`,
    `create index outbox_dead on outbox (dead_at)`,

    `create table event_cancellation (
      event_id ${reference} not null primary key,
      reason ${text('reason', 500)} null,
      bookings ${integer} not null,
      cancelled ${integer} not null default 0,
      last_booking_id ${reference} not null default 0,
      created_at ${timestamp} not null,
      finished_at ${timestamp} null,
      constraint event_cancellation_event foreign key (event_id) references event (id)
    ) ${tableOptions}`,

    // The sandbox's own memory, as a provider's would be elsewhere: nothing here refers to a row of ours.
    `create table sandbox_payment (
      attempt_key ${ascii('attempt_key', 64)} not null primary key,
      amount ${money} not null check (amount > 0),
      currency ${ascii('currency', 3)} not null,
      description ${text('description', 500)} not null,
      status ${ascii('status', 16)} not null check (status in ('open', 'paid', 'declined', 'closed')),
      expires_at ${timestamp} not null,
      return_url ${text('return_url', 2000)} null,
      paid_at ${timestamp} null,
      created_at ${timestamp} not null
    ) ${tableOptions}`,
    `create table sandbox_refund (
      refund_key ${ascii('refund_key', 64)} not null primary key,
      attempt_key ${ascii('attempt_key', 64)} not null,
      amount ${money} not null check (amount > 0),
      created_at ${timestamp} not null,
      constraint sandbox_refund_payment foreign key (attempt_key) references sandbox_payment (attempt_key)
    ) ${tableOptions}`,
    `create index sandbox_refund_payment on sandbox_refund (attempt_key)`,
  ]
}

const bookingStatuses = `('pending', 'success', 'failed', 'expired', 'cancelled', 'partially_refunded', 'refunded')`
const ticketStatuses = `('unused', 'used', 'void')`

/** Bookings end in more ways, and tickets become void. */
function allowMoreStatuses(dialect: Dialect): string[] {
  const { reference, integer, money, timestamp, text, ascii } = dialect.columns
  const bookingCheck = `check (status in ${bookingStatuses})`
  const ticketCheck = `check (status in ${ticketStatuses})`
  const more = {
    booking: [
      `currency ${ascii('currency', 3)} not null default 'IDR'`,
      `refunded ${money} not null default 0`,
      `expires_at ${timestamp} null`,
    ],
    ticket: [`ticket_type_id ${reference} not null default 0`, `price ${money} not null default 0`],
  }
  if (dialect.name === 'mysql') {
    return [
      `alter table booking /*!80019 drop check booking_chk_3, */
        modify status ${ascii('status', 24)} not null, ${more.booking.map((column) => `add column ${column}`).join(', ')}`,
      `alter table booking add constraint booking_status ${bookingCheck}`,
      `alter table booking add constraint booking_refunded check (refunded between 0 and total_price)`,
      `alter table ticket /*!80019 drop check ticket_chk_1, */
        modify status ${ascii('status', 16)} not null, ${more.ticket.map((column) => `add column ${column}`).join(', ')}`,
      `alter table ticket add constraint ticket_status ${ticketCheck}`,
    ]
  }
  // SQLite can't change a check: https://www.sqlite.org/lang_altertable.html#otheralter
  const booking =
    'id, customer_id, event_id, quantity, total_price, status, created_at, updated_at, organizer_id, deleted_at'
  const ticket =
    'id, booking_id, holder_name, ticket_code, status, created_at, updated_at, deleted_at, event_id, organizer_id, customer_id'
  return [
    `create table booking_with_money (
      id ${dialect.columns.id},
      customer_id ${reference} not null,
      event_id ${reference} not null,
      quantity ${integer} not null check (quantity between 1 and 1000),
      total_price ${money} not null check (total_price between 0 and 9007199254740991),
      status ${ascii('status', 24)} not null ${bookingCheck},
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      organizer_id ${reference} not null default 0,
      deleted_at ${timestamp} null,
      ${more.booking.join(', ')},
      constraint booking_refunded check (refunded between 0 and total_price),
      constraint booking_customer foreign key (customer_id) references user (id),
      constraint booking_event foreign key (event_id) references event (id)
    ) ${dialect.tableOptions}`,
    `insert into booking_with_money (${booking}) select ${booking} from booking`,
    'drop table booking',
    'alter table booking_with_money rename to booking',
    ...['customer', 'event', 'organizer'].map((who) => `create index booking_${who} on booking (${who}_id)`),
    `create table ticket_with_type (
      id ${dialect.columns.id},
      booking_id ${reference} not null,
      holder_name ${text('holder_name', 100)} not null,
      ticket_code ${ascii('ticket_code', 8)} not null,
      status ${ascii('status', 16)} not null ${ticketCheck},
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      deleted_at ${timestamp} null,
      event_id ${reference} not null default 0,
      organizer_id ${reference} not null default 0,
      customer_id ${reference} not null default 0,
      ${more.ticket.join(', ')},
      constraint ticket_code unique (ticket_code),
      constraint ticket_booking foreign key (booking_id) references booking (id)
    ) ${dialect.tableOptions}`,
    `insert into ticket_with_type (${ticket}) select ${ticket} from ticket`,
    'drop table ticket',
    'alter table ticket_with_type rename to ticket',
    ...['booking', 'event', 'organizer', 'customer'].map(
      (whose) => `create index ticket_${whose} on ticket (${whose}_id)`,
    ),
  ]
}

/** An event's description alone may be longer than an answer could be so far. */
function allowAnyAnswer({ name, columns, tableOptions }: Dialect): string[] {
  const { timestamp, ascii, json } = columns
  if (name === 'mysql') return [`alter table idempotency_key modify answer ${json} not null`]
  return [
    `create table any_idempotency_key (
      scope ${ascii('scope', 64)} not null,
      idempotency_key ${ascii('idempotency_key', 255)} not null,
      fingerprint ${ascii('fingerprint', 64)} not null,
      answer ${json} not null,
      created_at ${timestamp} not null,
      primary key (scope, idempotency_key)
    ) ${tableOptions}`,
    'insert into any_idempotency_key select * from idempotency_key',
    'drop table idempotency_key',
    'alter table any_idempotency_key rename to idempotency_key',
    'create index idempotency_key_age on idempotency_key (created_at)',
  ]
}
