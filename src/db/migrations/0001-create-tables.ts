import type { Dialect } from '../dialect.ts'

/** The seed's four tables, with real types and bounds. The limits are those of the v1 contract. */
export function createTables({ columns, tableOptions }: Dialect): string[] {
  const { id, reference, integer, money, flag, timestamp, text, ascii } = columns
  return [
    `create table user (
          id ${id},
          name ${text('name', 100)} not null,
          email ${text('email', 100)} not null,
          email_key ${text('email_key', 100)} not null,
          password_hash ${ascii('password_hash', 60)} not null,
          role ${ascii('role', 16)} not null check (role in ('customer', 'organizer')),
          created_at ${timestamp} not null,
          updated_at ${timestamp} not null,
          constraint user_email unique (email_key)
        ) ${tableOptions}`,

    `create table event (
          id ${id},
          organizer_id ${reference} not null,
          title ${text('title', 255)} not null,
          location ${text('location', 255)} not null,
          capacity ${integer} not null check (capacity between 1 and 10000000),
          available_seat ${integer} not null,
          price ${money} not null check (price between 0 and 1000000000000),
          closed ${flag} not null default 0 check (closed in (0, 1)),
          date ${timestamp} not null,
          created_at ${timestamp} not null,
          updated_at ${timestamp} not null,
          constraint event_seats check (available_seat between 0 and capacity),
          constraint event_organizer foreign key (organizer_id) references user (id)
        ) ${tableOptions}`,
    `create index event_organizer on event (organizer_id)`,

    `create table booking (
          id ${id},
          customer_id ${reference} not null,
          event_id ${reference} not null,
          quantity ${integer} not null check (quantity between 1 and 1000),
          total_price ${money} not null check (total_price between 0 and 9007199254740991),
          status ${ascii('status', 16)} not null check (status in ('pending', 'success', 'failed')),
          created_at ${timestamp} not null,
          updated_at ${timestamp} not null,
          constraint booking_customer foreign key (customer_id) references user (id),
          constraint booking_event foreign key (event_id) references event (id)
        ) ${tableOptions}`,
    `create index booking_customer on booking (customer_id)`,
    `create index booking_event on booking (event_id)`,

    `create table ticket (
          id ${id},
          booking_id ${reference} not null,
          holder_name ${text('holder_name', 100)} not null,
          ticket_code ${ascii('ticket_code', 8)} not null,
          status ${ascii('status', 16)} not null check (status in ('unused', 'used')),
          created_at ${timestamp} not null,
          updated_at ${timestamp} not null,
          constraint ticket_code unique (ticket_code),
          constraint ticket_booking foreign key (booking_id) references booking (id)
        ) ${tableOptions}`,
    `create index ticket_booking on ticket (booking_id)`,
  ]
}
