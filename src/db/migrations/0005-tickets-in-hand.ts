import type { Dialect } from '../dialect.ts'

/** Mail, signatures, check-ins, hand-overs and pictures (docs/decisions/0015-tickets-in-hand.md). */
export function ticketsInHand(dialect: Dialect): string[] {
  const { name, columns, tableOptions } = dialect
  const { id, reference, integer, flag, timestamp, text, ascii, json } = columns
  const dayBefore =
    name === 'mysql' ? 'date_sub(date, interval 1 day)' : `strftime('%Y-%m-%d %H:%M:%S', date, '-1 day')`
  return [
    `alter table user add column language ${ascii('language', 2)} not null default 'en'`,
    `alter table user add column email_confirmed_at ${timestamp} null`,

    `alter table event add column ends_at ${timestamp} null`,
    `alter table event add column doors_open_at ${timestamp} null`,
    `alter table event add column reentry ${flag} not null default 0`,
    `alter table event add column names_until_hours ${integer} null default 0`,
    // When its guests are to be reminded of it; null when they have been.
    `alter table event add column remind_at ${timestamp} null`,
    `update event set remind_at = ${dayBefore}`,
    `create index event_remind on event (remind_at)`,

    // version counts the hand-overs: a token of an earlier one admits nobody.
    `alter table ticket add column version ${integer} not null default 1`,
    `alter table ticket add column holder_email ${text('holder_email', 100)} null`,
    `alter table ticket add column holder_language ${ascii('holder_language', 2)} null`,
    `alter table ticket add column left_at ${timestamp} null`,

    // Ed25519. Who verifies may be offline for long, so public keys stay; a secret goes when it has a successor.
    `create table signature_key (
      id ${ascii('id', 16)} not null primary key,
      public_key ${ascii('public_key', 64)} not null,
      secret_key ${ascii('secret_key', 64)} null,
      created_at ${timestamp} not null
    ) ${tableOptions}`,

    // What was mailed, or is to be. Addresses stand with the accounts; only who has none is named here.
    `create table mail (
      id ${id},
      kind ${ascii('kind', 32)} not null,
      dedup_key ${ascii('dedup_key', 128)} not null,
      user_id ${reference} null,
      email ${text('email', 100)} null,
      organizer_id ${reference} null,
      event_id ${reference} null,
      booking_id ${reference} null,
      ticket_id ${reference} null,
      details ${json} not null,
      status ${ascii('status', 16)} not null check (status in ('waiting', 'sent', 'failed', 'dropped')),
      attempts ${integer} not null default 0,
      last_error ${text('last_error', 500)} null,
      sent_at ${timestamp} null,
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      constraint mail_once unique (dedup_key)
    ) ${tableOptions}`,
    `create index mail_organizer on mail (organizer_id)`,
    `create index mail_organizer_status on mail (organizer_id, status)`,
    `create index mail_event on mail (event_id)`,
    `create index mail_booking on mail (booking_id)`,
    `create index mail_user on mail (user_id)`,
    `create index mail_age on mail (created_at)`,

    // One for each act at a door, written once; undone_at alone is set later.
    `create table check_in (
      id ${id},
      ticket_id ${reference} not null,
      event_id ${reference} not null,
      ticket_type_id ${reference} not null,
      kind ${ascii('kind', 16)} not null check (kind in ('admitted', 'left', 'returned', 'conflict')),
      door ${text('door', 100)} not null,
      at ${timestamp} not null,
      scan_id ${ascii('scan_id', 64)} null,
      reason ${ascii('reason', 32)} null,
      actor_id ${reference} null,
      api_key_id ${reference} null,
      undone_at ${timestamp} null,
      created_at ${timestamp} not null,
      constraint check_in_scan unique (event_id, scan_id)
    ) ${tableOptions}`,
    `create index check_in_ticket on check_in (ticket_id)`,
    `create index check_in_event on check_in (event_id, kind)`,

    `create table ticket_transfer (
      id ${id},
      ticket_id ${reference} not null,
      event_id ${reference} not null,
      organizer_id ${reference} not null,
      customer_id ${reference} not null,
      ticket_version ${integer} not null,
      email ${text('email', 100)} not null,
      language ${ascii('language', 2)} not null,
      status ${ascii('status', 16)} not null check (status in ('offered', 'accepted', 'withdrawn', 'declined')),
      expires_at ${timestamp} not null,
      created_at ${timestamp} not null,
      updated_at ${timestamp} not null,
      constraint ticket_transfer_ticket foreign key (ticket_id) references ticket (id)
    ) ${tableOptions}`,
    `create index ticket_transfer_ticket on ticket_transfer (ticket_id)`,
    `create index ticket_transfer_customer on ticket_transfer (customer_id)`,

    // The files have names of their own, by what is in them; the row says which they are.
    `create table event_image (
      id ${id},
      event_id ${reference} not null,
      position ${integer} not null,
      alt ${text('alt', 200)} not null default '',
      files ${json} not null,
      created_at ${timestamp} not null,
      constraint event_image_event foreign key (event_id) references event (id)
    ) ${tableOptions}`,
    `create index event_image_event on event_image (event_id)`,
  ]
}
