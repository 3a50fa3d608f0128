import type { Dialect } from '../dialect.ts'

/** Sessions, keys, staff, the audit trail, and rows that are deleted without being gone. */
export function accounts(dialect: Dialect): string[] {
  const { columns, tableOptions } = dialect
  const { id, reference, integer, timestamp, text, ascii } = columns
  return [
    ...allowMoreRoles(dialect),
    `alter table user add column version ${integer} not null default 1`,
    `alter table user add column deleted_at ${timestamp} null`,
    `alter table user add column erased_at ${timestamp} null`,
    `create index user_deleted on user (deleted_at)`,

    `alter table event add column version ${integer} not null default 1`,
    `alter table event add column deleted_at ${timestamp} null`,
    `create index event_date on event (date)`,
    `create index event_price on event (price)`,
    `create index event_title on event (title)`,

    // Whose event it is, beside which: an organizer's bookings are read in order of their ids, by one index.
    `alter table booking add column organizer_id ${reference} not null default 0`,
    `update booking set organizer_id = (select organizer_id from event where event.id = booking.event_id)`,
    `create index booking_organizer on booking (organizer_id)`,
    `alter table booking add column deleted_at ${timestamp} null`,
    `alter table ticket add column deleted_at ${timestamp} null`,
    // What a ticket has of its booking: who asks for theirs finds them by one index, in order of their ids.
    ...['event_id', 'organizer_id', 'customer_id'].map(
      (column) => `alter table ticket add column ${column} ${reference} not null default 0`,
    ),
    `update ticket set
      event_id = (select event_id from booking where booking.id = ticket.booking_id),
      organizer_id = (select organizer_id from booking where booking.id = ticket.booking_id),
      customer_id = (select customer_id from booking where booking.id = ticket.booking_id)`,
    `create index ticket_event on ticket (event_id)`,
    `create index ticket_organizer on ticket (organizer_id)`,
    `create index ticket_customer on ticket (customer_id)`,

    ...allowLongAnswers(dialect),

    // One row for each time that somebody signed in: the family of the refresh tokens that follow one another.
    `create table session (
      id ${ascii('id', 32)} not null primary key,
      user_id ${reference} not null,
      created_at ${timestamp} not null,
      expires_at ${timestamp} not null,
      ended_at ${timestamp} null,
      constraint session_user foreign key (user_id) references user (id)
    ) ${tableOptions}`,
    `create index session_user on session (user_id)`,
    `create index session_age on session (expires_at)`,

    // Kept when it is replaced, so that its use a second time is known for what it is.
    `create table refresh_token (
      token_hash ${ascii('token_hash', 64)} not null primary key,
      session_id ${ascii('session_id', 32)} not null,
      created_at ${timestamp} not null,
      replaced_at ${timestamp} null,
      constraint refresh_token_session foreign key (session_id) references session (id)
    ) ${tableOptions}`,
    `create index refresh_token_session on refresh_token (session_id)`,

    `create table password_reset (
      token_hash ${ascii('token_hash', 64)} not null primary key,
      user_id ${reference} not null,
      created_at ${timestamp} not null,
      expires_at ${timestamp} not null,
      constraint password_reset_user foreign key (user_id) references user (id)
    ) ${tableOptions}`,
    `create index password_reset_user on password_reset (user_id)`,
    `create index password_reset_age on password_reset (expires_at)`,

    `create table api_key (
      id ${id},
      owner_id ${reference} not null,
      name ${text('name', 100)} not null,
      prefix ${ascii('prefix', 16)} not null,
      key_hash ${ascii('key_hash', 64)} not null,
      scopes ${ascii('scopes', 64)} not null,
      created_at ${timestamp} not null,
      revoked_at ${timestamp} null,
      constraint api_key_hash unique (key_hash),
      constraint api_key_owner foreign key (owner_id) references user (id)
    ) ${tableOptions}`,
    `create index api_key_owner on api_key (owner_id)`,

    `create table event_staff (
      event_id ${reference} not null,
      user_id ${reference} not null,
      created_at ${timestamp} not null,
      primary key (event_id, user_id),
      constraint event_staff_event foreign key (event_id) references event (id),
      constraint event_staff_user foreign key (user_id) references user (id)
    ) ${tableOptions}`,
    `create index event_staff_user on event_staff (user_id)`,

    // What access tokens are signed with; the newest signs, the others still verify.
    `create table signing_key (
      id ${ascii('id', 32)} not null primary key,
      secret ${ascii('secret', 128)} not null,
      created_at ${timestamp} not null
    ) ${tableOptions}`,

    // Names no row by a foreign key: what happened stays, whatever becomes of the row.
    `create table audit_entry (
      id ${id},
      at ${timestamp} not null,
      actor_id ${reference} null,
      actor ${ascii('actor', 16)} not null,
      api_key_id ${reference} null,
      action ${ascii('action', 64)} not null,
      entity ${ascii('entity', 32)} not null,
      entity_id ${reference} null,
      organizer_id ${reference} null,
      request_id ${ascii('request_id', 100)} null,
      address ${ascii('address', 45)} null,
      was ${text('was', 4000)} null,
      became ${text('became', 4000)} null
    ) ${tableOptions}`,
    `create index audit_entry_entity on audit_entry (entity, entity_id)`,
    `create index audit_entry_organizer on audit_entry (organizer_id)`,
    `create index audit_entry_actor on audit_entry (actor_id)`,
  ]
}

/** Admins and staff have accounts, too. */
function allowMoreRoles({ name, columns, tableOptions }: Dialect): string[] {
  const { id, timestamp, text, ascii } = columns
  const check = `check (role in ('customer', 'organizer', 'staff', 'admin'))`
  if (name === 'mysql') {
    return [
      // MySQL has named the check itself and must be told to drop it; for MariaDB it is a part of the column.
      `alter table user /*!80019 drop check user_chk_1, */ modify role ${ascii('role', 16)} not null`,
      `alter table user add constraint user_role ${check}`,
    ]
  }
  // SQLite can't change a check: https://www.sqlite.org/lang_altertable.html#otheralter
  const kept = 'id, name, email, email_key, password_hash, role, created_at, updated_at'
  return [
    `create table user_with_roles (
      id ${id},
      name ${text('name', 100)} not null,
      email ${text('email', 100)} not null,
      email_key ${text('email_key', 100)} not null,
      password_hash ${ascii('password_hash', 60)} not null,
      role ${ascii('role', 16)} not null ${check},
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      constraint user_email unique (email_key)
    ) ${tableOptions}`,
    `insert into user_with_roles (${kept}) select ${kept} from user`,
    'drop table user',
    'alter table user_with_roles rename to user',
  ]
}

/** Answers of any request are kept, not of bookings alone. */
function allowLongAnswers({ name, columns, tableOptions }: Dialect): string[] {
  const { timestamp, text, ascii } = columns
  const answer = `answer ${text('answer', 8000)} not null`
  if (name === 'mysql') return [`alter table idempotency_key modify ${answer}`]
  return [
    `create table long_idempotency_key (
      scope ${ascii('scope', 64)} not null,
      idempotency_key ${ascii('idempotency_key', 255)} not null,
      fingerprint ${ascii('fingerprint', 64)} not null,
      ${answer},
      created_at ${timestamp} not null,
      primary key (scope, idempotency_key)
    ) ${tableOptions}`,
    'insert into long_idempotency_key select * from idempotency_key',
    'drop table idempotency_key',
    'alter table long_idempotency_key rename to idempotency_key',
    'create index idempotency_key_age on idempotency_key (created_at)',
  ]
}
