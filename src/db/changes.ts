import type { Timestamp } from '../lib/time.ts'
import type { Tx } from './database.ts'
import type { GroupWrite } from './group/group.ts'

/** What a transaction changed that somebody may be looking at: ids, and never what is in the rows. */
export type Changes = Readonly<{
  /** Events whose seats, types, words or pictures changed, or one of whose bookings did. */
  events: readonly number[]
  bookings: readonly (readonly [booking_id: number, customer_id: number])[]
  /** Events at whose doors something happened. */
  check_ins: readonly number[]
  /** Mails to people with an account. */
  mails: readonly (readonly [mail_id: number, user_id: number])[]
}>

/** Tells those of this process who keep something in memory, after the commit and before anyone is answered. */
export type ChangeSignal = Readonly<{
  tell: (changes: Changes) => void
  /** Returns what ends it. */
  listen: (listener: (changes: Changes) => void) => () => void
}>

export function changeSignal(): ChangeSignal {
  const listeners = new Set<(changes: Changes) => void>()
  return {
    tell(changes) {
      for (const listener of listeners) listener(changes)
    },
    listen(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

type Noted = { at: Timestamp; events: Set<number>; bookings: Map<number, number>; check_ins: Set<number>; mails: Map<number, number> } // prettier-ignore

const notes = new WeakMap<Tx, Noted>()

/**
 * Notes what a transaction changes. When `work` has ended, inTransaction writes it down in one row, so that other servers
 * learn of it if and only if it is committed; after the commit it tells this one.
 */
export function announce(tx: Tx, at: Timestamp, { events, bookings, check_ins, mails }: Partial<Changes>): void {
  let noted = notes.get(tx)
  if (!noted) {
    noted = { at, events: new Set(), bookings: new Map(), check_ins: new Set(), mails: new Map() }
    notes.set(tx, noted)
  }
  for (const id of events ?? []) noted.events.add(id)
  for (const [id, customer] of bookings ?? []) noted.bookings.set(id, customer)
  for (const id of check_ins ?? []) noted.check_ins.add(id)
  for (const [id, user] of mails ?? []) noted.mails.set(id, user)
}

/** Writes down what was noted; for inTransaction, at the end of its work. Undefined if nothing was. */
export async function keepChanges(tx: Tx): Promise<Changes | undefined> {
  const noted = notes.get(tx)
  if (!noted) return undefined
  const changes: Changes = {
    events: [...noted.events],
    bookings: [...noted.bookings],
    check_ins: [...noted.check_ins],
    mails: [...noted.mails],
  }
  await tx
    .insertInto('live_change')
    .values({ what: textOf(changes), at: noted.at })
    .execute()
  return changes
}

/** The same row for a group, which writes by itself (db/group), and then tells `database.changes` by itself. */
export function changeWrite(changes: Partial<Changes>, at: Timestamp): GroupWrite {
  return { kind: 'insert', table: 'live_change', columns: ['what', 'at'], rows: [[textOf(changes), at]] }
}

/** Without what is empty: a group in an on-sale pays for each byte. */
function textOf(changes: Partial<Changes>): string {
  return JSON.stringify(Object.fromEntries(Object.entries(changes).filter(([, ids]) => ids.length > 0)))
}

/** What `textOf` wrote. */
export function readChanges(text: string): Changes {
  return { events: [], bookings: [], check_ins: [], mails: [], ...(JSON.parse(text) as Partial<Changes>) }
}
