import { setTimeout as sleep } from 'node:timers/promises'
import { announce } from '../../db/changes.ts'
import type { Tx } from '../../db/database.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import { inTransaction, reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { assertMayCheckIn, mayCheckIn, no_id, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { count } from '../../lib/metrics.ts'
import { addSeconds, toRfc3339, toTimestamp, type Timestamp } from '../../lib/time.ts'
import { auditColumns, auditValues } from '../audit/record.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { readTicketToken } from '../signatures/ticket-token.ts'
import { listTicketsByCodes, listTicketsByIds, updateTicket, type Ticket } from '../tickets/tickets.sql.ts'
import { plainCode } from './check-in-ticket.ts'
import { decideActs, lastAdmissions, type CheckIn, type Decided, type Outcome } from './check-in.ts'
import { insertCheckIns, listActs, listScans, lockTickets } from './check-ins.sql.ts'
import { actionOf } from './door-line.ts'

const ahead_s_max = 5 * 60
const age_s_max = 7 * 24 * 60 * 60
const attempts_max = 5

/** What a device without network saw; by one of token, code and id. */
export type OfflineScan = Readonly<{
  scan_id: string
  token?: string
  code?: string
  ticket_id?: number
  action: 'admit' | 'leave'
  door: string
  /** RFC 3339, by the device's clock. */
  at: string
}>

/** What a scan came to. */
export type ScanResult = Readonly<{
  scan_id: string
  outcome: Outcome | 'conflict'
  /** Of a conflict: the code of the refusal. */
  reason?: string
  /** Who got in before, if that is the conflict. */
  used?: { at: string; door: string }
  /** It was uploaded before: nothing changed. */
  repeated?: true
}>

/** A scan with its ticket, as far as there is one: of what is forged or nobody's there is a reason instead. */
type Known = Readonly<{ scan: OfflineScan; at: Timestamp }> &
  (Readonly<{ ticket_id: number; version: number }> | Readonly<{ reason: 'token_forged' | 'ticket_unknown' }>)

type Uploaded = Readonly<{ event: Event; caller: Caller; device: string; scans: readonly Known[] }>

/**
 * Keeps what a device saw without network, in the order in which it happened, by the rules of any door. What should not
 * have been let in is kept as a conflict, because it did happen. A scan counts once, however often it is uploaded.
 *
 * @returns what each came to, in the order in which they were sent
 * @throws DomainError `event_not_found`, `not_own_event`, `invalid_body` naming the scans that are none; then nothing is
 *   kept
 */
export async function takeScans(
  deps: Deps & { events: SharedRead<Event> },
  caller: Caller,
  eventId: number,
  { device, scans }: { device: string; scans: readonly OfflineScan[] },
): Promise<ScanResult[]> {
  const event = await readEvent(deps.events, eventId)
  assertMayCheckIn(caller, event)
  checkScans(scans, toTimestamp(deps.now()))
  const upload = { event, caller, device, scans: await findTickets(deps, caller, scans) }
  for (let attempt = 1; ; attempt++) {
    try {
      const results = await inTransaction(deps.database, (tx) => keepScans(deps, tx, upload))
      for (const { outcome, repeated } of results) if (!repeated) count('karcis_check_ins_total', { outcome })
      return results
    } catch (error) {
      if (deps.database.dialect.meaningOf(error) !== 'duplicate') throw error
      // The same scans came twice at once, and the others were first: the next attempt reads what they kept.
      if (attempt === attempts_max) throw new DomainError('server_busy', undefined, { cause: error })
      await sleep(Math.random() * 2 ** attempt)
    }
  }
}

function checkScans(scans: readonly OfflineScan[], now: Timestamp): void {
  const latest = addSeconds(now, ahead_s_max)
  const earliest = addSeconds(now, -age_s_max)
  const fields = scans.flatMap((scan, index) => {
    const wrong = (pointer: string, detail: string) => [
      { in: 'body' as const, pointer: `/scans/${index}${pointer}`, detail: `scan ${scan.scan_id}: ${detail}` },
    ]
    const given = [scan.token, scan.code, scan.ticket_id].filter((one) => one !== undefined).length
    if (given !== 1) return wrong('', 'send one of token, code and ticket_id')
    const at = momentOf(scan)
    if (at > latest) return wrong('/at', 'at must not be more than 5 minutes in the future')
    if (at < earliest) return wrong('/at', 'at must not be more than 7 days ago')
    return []
  })
  if (fields.length > 0) throw new DomainError('invalid_body', fields[0]!.detail, { fields })
}

/** To the millisecond: two scans of one second have an order. */
const momentOf = ({ at }: OfflineScan): Timestamp => toTimestamp(new Date(at.toUpperCase()))

/** The tickets, as they were a moment ago: what counts is read under their locks. */
async function findTickets(
  { database, signer }: Deps,
  caller: Caller,
  scans: readonly OfflineScan[],
): Promise<Known[]> {
  const codes = scans.flatMap(({ code }) => (code === undefined ? [] : (plainCode(code) ?? [])))
  const ids = scans.flatMap(({ ticket_id }) => ticket_id ?? [])
  const [coded, named] = await reading(database, (db) =>
    Promise.all([
      codes.length > 0 ? listTicketsByCodes(db, codes) : [],
      ids.length > 0 ? listTicketsByIds(db, ids) : [],
    ]),
  )
  // Whose ticket it is at another organizer's door is nobody's business here.
  const isOurs = ({ event_id, organizer_id }: Ticket) => mayCheckIn(caller, { id: event_id, organizer_id })
  const byCode = new Map(coded.filter(isOurs).map((ticket) => [ticket.ticket_code, ticket]))
  const byId = new Map(named.filter(isOurs).map((ticket) => [ticket.id, ticket]))
  return Promise.all(
    scans.map(async (scan): Promise<Known> => {
      const at = momentOf(scan)
      if (scan.token !== undefined) {
        const said = await readTicketToken(signer, scan.token)
        return said
          ? { scan, at, ticket_id: said.ticket_id, version: said.version }
          : { scan, at, reason: 'token_forged' }
      }
      const found = scan.code === undefined ? byId.get(scan.ticket_id!) : byCode.get(plainCode(scan.code) ?? '')
      return found ? { scan, at, ticket_id: found.id, version: found.version } : { scan, at, reason: 'ticket_unknown' }
    }),
  )
}

async function keepScans({ database, now }: Deps, tx: Tx, upload: Uploaded): Promise<ScanResult[]> {
  const { event, scans } = upload
  const ids = ascending(scans.flatMap((one) => ('ticket_id' in one ? one.ticket_id : [])))
  const tickets = ids.length > 0 ? await lockTickets(tx, database.dialect, ids) : []
  const before = await listScans(
    tx,
    event.id,
    scans.map(({ scan }) => scan.scan_id),
  )
  // Not those of nobody's tickets: there are as many as were ever forged.
  const known = ascending([...ids, ...before.map(({ ticket_id }) => ticket_id)]).filter((id) => id !== no_id)
  const acts = known.length > 0 ? await listActs(tx, known) : []
  const results = new Map(before.map((row) => [row.scan_id!, resultOf(row, acts)]))
  const answered = new Set(results.keys())
  const isFirst = ({ scan: { scan_id } }: Known) => {
    const isNew = !answered.has(scan_id)
    answered.add(scan_id)
    return isNew
  }
  const fresh = new Set(scans.filter(isFirst))
  // Not before an admission was undone that these scans did not meet any more.
  const at = acts.reduce(
    (latest, { undone_at }) => (undone_at && undone_at > latest ? undone_at : latest),
    toTimestamp(now()),
  )
  const decided = decideScans([...fresh], event, tickets, acts, at)
  if (decided.length > 0) await write(tx, upload, tickets, decided, at)
  for (const { known, outcome } of decided) results.set(known.scan.scan_id, freshResult(known, outcome))
  const repeated = (result: ScanResult): ScanResult => ({ ...result, repeated: true })
  return scans.map((one) => {
    const result = results.get(one.scan.scan_id)!
    return fresh.has(one) ? result : repeated(result)
  })
}

type DecidedScan = Readonly<{ known: Known; outcome: Decided | DomainError }>

/** In the order in which they happened; of one moment, in the order in which they were sent. */
function decideScans(
  scans: readonly Known[],
  event: Event,
  tickets: readonly Ticket[],
  acts: readonly CheckIn[],
  at: Timestamp,
): DecidedScan[] {
  const ordered = scans.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  const wanted = ordered.flatMap((one) => {
    if ('reason' in one) return []
    const { action, door } = one.scan
    return [{ action, door, ticket_id: one.ticket_id, version: one.version, event, scanned_at: one.at }]
  })
  const outcomes = decideActs(wanted, tickets, lastAdmissions(acts), at).values()
  return ordered.map((known) => ({
    known,
    outcome: 'reason' in known ? new DomainError(known.reason) : outcomes.next().value!,
  }))
}

async function write(
  tx: Tx,
  { event, caller, device }: Uploaded,
  tickets: readonly Ticket[],
  decided: readonly DecidedScan[],
  at: Timestamp,
): Promise<void> {
  const found = new Map(tickets.map((ticket) => [ticket.id, ticket]))
  announce(tx, at, { check_ins: [event.id] })
  await insertCheckIns(
    tx,
    decided.map(({ known, outcome }) => {
      const ticket = 'ticket_id' in known ? found.get(known.ticket_id) : undefined
      const isConflict = outcome instanceof DomainError
      return {
        ticket_id: ticket?.id ?? no_id,
        event_id: event.id,
        ticket_type_id: ticket?.ticket_type_id ?? no_id,
        kind: isConflict ? 'conflict' : outcome.outcome,
        door: known.scan.door,
        at: known.at,
        scan_id: known.scan.scan_id,
        reason: isConflict ? outcome.code : null,
        actor_id: caller.user_id ?? null,
        api_key_id: caller.api_key_id ?? null,
        created_at: at,
      }
    }),
  )
  // A ticket may come and go within one upload: how it ends is what is written.
  const last = new Map<number, Ticket>()
  const history: (string | number | null)[][] = []
  for (const { known, outcome } of decided) {
    if (outcome instanceof DomainError) continue
    const { id, organizer_id } = outcome.ticket
    last.set(id, outcome.ticket)
    const change = { action: actionOf[outcome.outcome], entity: 'ticket', entity_id: id, organizer_id } as const
    history.push(auditValues(caller, at, { ...change, became: { device, scan_id: known.scan.scan_id } }))
  }
  for (const { id, left_at } of last.values()) await updateTicket(tx, id, { status: 'used', left_at, updated_at: at })
  if (history.length === 0) return
  const rows = history.map((values) => Object.fromEntries(auditColumns.map((column, index) => [column, values[index]])))
  await tx
    .insertInto('audit_entry')
    .values(rows as never)
    .execute()
}

function freshResult({ scan: { scan_id } }: Known, outcome: Decided | DomainError): ScanResult {
  if (!(outcome instanceof DomainError)) return { scan_id, outcome: outcome.outcome }
  const used = outcome.members?.['used'] as ScanResult['used']
  return { scan_id, outcome: 'conflict', reason: outcome.code, ...(used && { used }) }
}

/** What the device was told when it uploaded this scan first. */
function resultOf(row: CheckIn, acts: readonly CheckIn[]): ScanResult {
  const scan_id = row.scan_id!
  if (row.kind !== 'conflict') return { scan_id, outcome: row.kind }
  const told = { scan_id, outcome: 'conflict', reason: row.reason! } as const
  if (row.reason !== 'already_admitted') return told
  const stood = ({ undone_at }: CheckIn) => undone_at === null || undone_at > row.created_at
  const admission = acts.findLast(
    (act) => act.ticket_id === row.ticket_id && act.id < row.id && act.kind !== 'left' && stood(act),
  )
  return admission ? { ...told, used: { at: toRfc3339(admission.at), door: admission.door } } : told
}

const ascending = (ids: readonly number[]) => [...new Set(ids)].toSorted((a, b) => a - b)
