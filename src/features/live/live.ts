import type { Caller } from '../../lib/caller.ts'

/**
 * What can be looked on at: an event's availability (public), what is one's own (signed in), an event's sales (its
 * organizer) and its doors (its organizer and staff).
 */
export type Channel = 'me' | `event:${number}` | `event:${number}/sales` | `event:${number}/check-ins`

/** What who looks on is sent. `data` is the state as it is now, never a difference, so what is lost does no harm. */
export type LiveMessage = Readonly<{
  channel: Channel
  /** `read_anew`: more has happened than is remembered; read by the API what is shown, and go on from here. */
  type: 'event' | 'sales' | 'check_ins' | 'booking' | 'notification' | 'read_anew'
  /** Grows with every message of a channel, on whichever server; whoever comes back names the last one that they saw. */
  seq: number
  data: unknown
}>

export type Listener = (message: LiveMessage) => void

/** The live updates of this server. */
export type Live = Readonly<{
  /**
   * Sends the state of the channel now, and again after each change, at most ten times a second. With `after`, what was
   * missed since that message; nothing at once if nothing was.
   *
   * @returns what ends it
   * @throws DomainError `event_not_found`, `not_own_event`, `not_signed_in`, `server_busy` if there are too many
   */
  subscribe: (caller: Caller, channel: Channel, listener: Listener, after?: number) => Promise<() => void>
  close: () => Promise<void>
}>
