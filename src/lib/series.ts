/** What one series is. Labels are bounded: names that the code knows, never what somebody sent. */
export type Series = Readonly<{
  kind: 'counter' | 'gauge' | 'histogram'
  help: string
  labels: readonly string[]
  /** Upper bounds of a histogram, in the unit of its name. */
  buckets?: readonly number[]
  /** How processes of one server are put together: what all of them read from the database is the same for each. */
  across?: 'sum' | 'max'
}>

const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const statementSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5]
const remoteSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const groupSizes = [1, 2, 4, 8, 16, 32, 64, 128, 256]

const counter = <const Labels extends readonly string[]>(help: string, labels: Labels) =>
  ({ kind: 'counter', help, labels }) as const
const gauge = <const Labels extends readonly string[]>(help: string, labels: Labels, across: 'sum' | 'max' = 'sum') =>
  ({ kind: 'gauge', help, labels, across }) as const
const histogram = <const Labels extends readonly string[]>(help: string, buckets: readonly number[], labels: Labels) =>
  ({ kind: 'histogram', help, labels, buckets }) as const

/**
 * Every series of our own, in Prometheus's conventions: base units, `_total` for counters
 * (https://prometheus.io/docs/practices/naming/). docs/metrics.md is made from this table.
 */
export const series = {
  karcis_http_request_duration_seconds: histogram(
    'From the first byte of a request to the last of its answer; `aborted` where its client left before',
    requestSeconds,
    ['route', 'method', 'status'],
  ),
  karcis_http_requests_in_flight: gauge('Requests that are being answered', []),
  karcis_refusals_total: counter('Requests refused, by the code of the error (`internal` for a bug)', ['code']),
  karcis_shed_total: counter('Requests turned away before any work, because all waited too long', ['class']),
  karcis_rate_limited_total: counter('Requests beyond a budget', ['budget']),

  karcis_queue_group_size: histogram('Requests that were kept in one transaction', groupSizes, ['queue']),
  karcis_queue_wait_seconds: histogram('How long the first of a group had waited for its turn', requestSeconds, [
    'queue',
  ]),
  karcis_queue_commit_seconds: histogram('How long a group took to be kept', requestSeconds, ['queue']),
  karcis_queue_waiting: gauge('Requests that wait for their turn', ['queue']),
  karcis_queue_refusals_total: counter('Requests refused because the queue was full or too slow', ['queue']),

  karcis_database_up: gauge('1 if the database answered when it was last asked, at most 10 seconds ago', [], 'max'),
  karcis_database_statement_seconds: histogram('Statements, by kind; `group` is a trip of a group', statementSeconds, [
    'kind',
  ]),
  karcis_database_errors_total: counter('Statements that failed, by what that meant', ['kind', 'meaning']),
  karcis_database_pool_connections: gauge('Connections of the pool: `busy` or `idle`', ['state']),
  karcis_database_pool_waiting: gauge('Requests that wait for a connection of the pool', []),

  karcis_holds_open: gauge('Bookings that wait for their payment, counted up to 10000', [], 'max'),
  karcis_hold_oldest_overdue_seconds: gauge('How long ago a hold should have been ended; 0 if none', [], 'max'),
  karcis_tickets_sold_total: counter(
    'Tickets whose booking succeeded, by event: the 50 that sell now by their id, the rest as `other`',
    ['event'],
  ),
  karcis_takings_minor_units_total: counter('Paid for bookings, in minor units of the currency', ['currency', 'event']),
  karcis_refunded_minor_units_total: counter('Paid back, in minor units of the currency', ['currency', 'event']),
  karcis_payments_total: counter('Payments, by what became of them', ['provider', 'outcome']),
  karcis_refunds_total: counter('Refunds, by what became of them; `by_hand` waits for a person', [
    'provider',
    'outcome',
  ]),
  karcis_refunds_by_hand: gauge('Refunds that wait for a person, counted up to 10000', [], 'max'),
  karcis_payment_notices_unmatched: gauge(
    'Notices of providers about payments that are not ours, counted up to 10000',
    [],
    'max',
  ),
  karcis_provider_call_seconds: histogram(
    'Calls to payment providers: `answered`, `failed` or `timed_out`',
    remoteSeconds,
    ['provider', 'outcome'],
  ),
  karcis_provider_circuit_open: gauge('1 while a provider is not asked, because it does not answer', ['provider']),
  karcis_webhooks_total: counter('Webhooks of payment providers', ['provider', 'outcome']),

  karcis_outbox_oldest_due_seconds: gauge(
    'How long the oldest message that is due has waited; 0 if none',
    ['lane'],
    'max',
  ),
  karcis_outbox_waiting: gauge('Messages that wait, due or not, counted up to 10000', ['lane'], 'max'),
  karcis_outbox_dead: gauge('Messages that were given up, counted up to 10000', [], 'max'),
  karcis_outbox_handled_total: counter('Messages that were handled: `done`, `later`, `failed` or `dead`', [
    'kind',
    'outcome',
  ]),
  karcis_outbox_handler_seconds: histogram('How long a message took', remoteSeconds, ['kind']),
  karcis_mails_total: counter(
    'Mails, by what became of them: `sent`, `waiting` (to be tried again), `failed`, `dropped`',
    ['kind', 'status'],
  ),
  karcis_check_ins_total: counter('Tickets at doors: `admitted`, `returned`, `left`, `refused` or `conflict`', [
    'outcome',
  ]),

  karcis_live_connections: gauge('Clients that look on', []),
  karcis_live_messages_total: counter('Messages of channels, each counted for every client that it goes to', ['type']),
  karcis_live_dropped_total: counter('Clients cut off because they did not read', []),
  karcis_cache_requests_total: counter(
    'What was asked of the cache of public answers, and where it was found: `memory`, `joined` (a reading that was under way), `redis`, `database`',
    ['found'],
  ),
  karcis_cache_bytes: gauge('Memory that the cache takes, about', []),
  karcis_redis_up: gauge('1 while Redis is used, 0 while it is done without', ['use']),
} as const satisfies Record<`karcis_${string}`, Series>

export type SeriesName = keyof typeof series
export type NameOf<Kind extends Series['kind']> = {
  [Name in SeriesName]: (typeof series)[Name]['kind'] extends Kind ? Name : never
}[SeriesName]
export type LabelsOf<Name extends SeriesName> = Readonly<Record<(typeof series)[Name]['labels'][number], string>>
