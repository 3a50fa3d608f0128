import type { RouteClass } from '../../config.ts'
import type { SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import type { Caller } from '../../lib/caller.ts'
import type { Language } from '../../lib/language.ts'
import type { BookingLine } from '../bookings/create-booking.ts'
import type { CheckInCounts } from '../check-ins/check-in-counts.ts'
import type { TicketCodes } from '../check-ins/check-in-ticket.ts'
import type { DoorLine } from '../check-ins/door-line.ts'
import type { Event } from '../events/event.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import type { Live, WhoNow } from '../live/live.ts'
import type { Selling } from '../payments/selling.ts'
import type { Rows } from './rows.ts'

/** What fields are resolved with: what the routes of version 2 are given, too. */
export type GraphDeps = Deps &
  Readonly<{
    events: SharedRead<Event>
    line: BookingLine
    doors: DoorLine
    codes: TicketCodes
    counts: SharedRead<CheckInCounts>
    keysInFlight: KeysInFlight
    selling: Selling
    /** Left out: there are no subscriptions. */
    live?: Live | undefined
  }>

/** Who asks, and by what they are answered. */
export type GraphContext = Readonly<{
  deps: GraphDeps
  caller: Caller
  /** Who the caller is by then; asked while a subscription lasts. */
  whoNow: WhoNow
  /** Whether the caller is a visitor because their token is no good. */
  is_token_refused: boolean
  language: Language
  rows: Rows
  /** Counts against what the caller may ask of this class of routes. */
  spend: (name: RouteClass) => Promise<void>
  /** Says that an answer was given before, under the same key. */
  noteReplay: () => void
}>
