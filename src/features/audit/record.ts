import type { Tx } from '../../db/database.ts'
import type { Caller } from '../../lib/caller.ts'
import type { Timestamp } from '../../lib/time.ts'

export const entities = [
  'user',
  'event',
  'booking',
  'ticket',
  'session',
  'api_key',
  'event_staff',
  'ticket_type',
  'payment',
  'refund',
  'mail',
  'outbox_message',
] as const

/** What may happen to a row, in the past tense of whoever did it. */
export type Change = {
  action: string
  entity: (typeof entities)[number]
  entity_id: number | null
  /** Whose event it is about, so that its organizer may read it. */
  organizer_id?: number | null
  /** The fields that matter, before and after; never a secret. */
  was?: Record<string, unknown>
  became?: Record<string, unknown>
}

const fields_length_max = 4_000
/** Each of its characters may become six in JSON. */
const text_kept_length = 90

export const auditColumns = [
  'at',
  'actor_id',
  'actor',
  'api_key_id',
  'action',
  'entity',
  'entity_id',
  'organizer_id',
  'request_id',
  'address',
  'was',
  'became',
] as const

/** Writes down who did what, in the transaction of the change itself: there is none without the other. */
export async function record(tx: Tx, caller: Caller, at: Timestamp, change: Change): Promise<void> {
  const values = auditValues(caller, at, change)
  const row = Object.fromEntries(auditColumns.map((column, index) => [column, values[index]]))
  await tx
    .insertInto('audit_entry')
    .values(row as never)
    .execute()
}

/** The same as values in the order of `auditColumns`, for changes that are written in groups. */
export function auditValues(caller: Caller, at: Timestamp, change: Change): (string | number | null)[] {
  return [
    at,
    caller.user_id ?? null,
    caller.role,
    caller.api_key_id ?? null,
    change.action,
    change.entity,
    change.entity_id,
    change.organizer_id ?? null,
    caller.request_id,
    caller.address,
    change.was ? kept(change.was) : null,
    change.became ? kept(change.became) : null,
  ]
}

/** As JSON; of texts too long for their column the beginning, so that one sees that they changed. */
function kept(fields: Record<string, unknown>): string {
  const whole = JSON.stringify(fields)
  if (whole.length <= fields_length_max) return whole
  const beginning = (_: string, value: unknown) =>
    typeof value === 'string' && value.length > text_kept_length
      ? `${value.slice(0, text_kept_length).toWellFormed()}…`
      : value
  return JSON.stringify(fields, beginning)
}

/** Those fields of two versions of a row that differ, as they were and as they became. */
export function difference<Row extends object>(
  before: Row,
  after: Row,
  fields: readonly (keyof Row & string)[],
): Pick<Change, 'was' | 'became'> {
  const changed = fields.filter((field) => before[field] !== after[field])
  const pick = (row: Row) => Object.fromEntries(changed.map((field) => [field, row[field]]))
  return { was: pick(before), became: pick(after) }
}
