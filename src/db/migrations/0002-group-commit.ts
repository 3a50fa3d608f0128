import type { Dialect } from '../dialect.ts'

/**
 * What committing bookings in groups needs: blocks of ids that servers lease (no database has to promise
 * consecutive AUTO_INCREMENT values), and the answers kept for an Idempotency-Key.
 */
export function groupCommit({ columns, tableOptions }: Dialect): string[] {
  const { reference, timestamp, text, ascii } = columns
  return [
    `create table id_block (
      name ${ascii('name', 32)} not null primary key,
      next_id ${reference} not null
    ) ${tableOptions}`,
    `insert into id_block (name, next_id) select 'booking', coalesce(max(id), 0) + 1 from booking`,
    `insert into id_block (name, next_id) select 'ticket', coalesce(max(id), 0) + 1 from ticket`,

    // Who could not learn whether a group was committed puts up a fence under the group's number: a group
    // that is still on its way finds it, and stops. Almost always empty.
    `create table group_fence (id ${reference} not null primary key, created_at ${timestamp} not null) ${tableOptions}`,

    `create table idempotency_key (
      scope ${ascii('scope', 64)} not null,
      idempotency_key ${ascii('idempotency_key', 255)} not null,
      fingerprint ${ascii('fingerprint', 64)} not null,
      answer ${text('answer', 2000)} not null,
      created_at ${timestamp} not null,
      primary key (scope, idempotency_key)
    ) ${tableOptions}`,
    `create index idempotency_key_age on idempotency_key (created_at)`,
  ]
}
