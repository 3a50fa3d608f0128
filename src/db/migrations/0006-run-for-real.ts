import type { Dialect } from '../dialect.ts'

/** What changed, for those who look on; lanes of the outbox; traces (docs/decisions/0016-live-and-cached.md). */
export function runForReal({ name, columns, tableOptions }: Dialect): string[] {
  const { id, timestamp, ascii, json } = columns
  const payments = `'apply_notice', 'close_payment', 'send_refund'`
  return [
    // Ids of rows as JSON (db/changes.ts); kept for some minutes.
    `create table live_change (id ${id}, what ${json} not null, at ${timestamp} not null) ${tableOptions}`,
    `create index live_change_age on live_change (at)`,

    // Who does what is due may leave payments to others. Computed, so that a server that knows no lanes fills them, too.
    `alter table outbox add column lane ${ascii('lane', 16)} generated always as
      (case when kind in (${payments}) then 'payments' else 'work' end) virtual`,
    `create index outbox_lane on outbox (lane, run_at)`,
    // Both began with the event, and MySQL 9 took this one for lists that the other one has in order.
    ...(name === 'mysql'
      ? [
          `create unique index check_in_scan_once on check_in (scan_id, event_id)`,
          `alter table check_in drop index check_in_scan`,
        ]
      : []),

    // The trace in which it was put there: https://www.w3.org/TR/trace-context/#traceparent-header
    `alter table outbox add column traceparent ${ascii('traceparent', 55)} null`,
  ]
}
