import type { Caller, Identity } from '../../lib/caller.ts'

/**
 * What can be looked on at: an event's availability (public), what is one's own (signed in), an event's sales (its
 * organizer) and its doors (its organizer and staff).
 */
export type Channel = 'me' | `event:${number}` | `event:${number}/sales` | `event:${number}/check-ins`

/** What who looks on is sent. `data` is the state as it is now, never a difference, so what is lost does no harm. */
export type LiveMessage = Readonly<{
  channel: Channel
  /**
   * `read_anew`: read by the API what is shown, and go on from here: it is how `me` begins, and what is said when more
   * has happened than is remembered. `ended`: this channel is no longer theirs to look on at; `data` has a code and a
   * message.
   */
  type: 'event' | 'sales' | 'check_ins' | 'booking' | 'notification' | 'read_anew' | 'ended'
  /**
   * The last change that is in it. Never falls within a channel, on whichever server; whoever comes back names the last
   * one that they saw.
   */
  seq: number
  data: unknown
}>

/** Must not throw. All who look on at a channel are given the same object, so that it is serialised once. */
export type Listener = (message: LiveMessage) => void

/** Who somebody is by now; undefined if their token has ended. */
export type WhoNow = () => Identity | undefined | Promise<Identity | undefined>

/** The live updates of this server. */
export type Live = Readonly<{
  /**
   * Sends the state of the channel now, and again after each change, at most ten times a second. With `after`, what was
   * missed since that message; nothing at once if nothing was.
   *
   * @param whoNow asked every few seconds, so that the subscription ends with its right; by the caller's session if
   *   left out
   * @returns what ends it
   * @throws DomainError `event_not_found`, `not_own_event`, `not_signed_in`, `scope_missing`, `server_busy` if there
   *   are too many, `database_unavailable`
   */
  subscribe: (
    caller: Caller,
    channel: Channel,
    listener: Listener,
    after?: number,
    whoNow?: WhoNow,
  ) => Promise<() => void>
  close: () => Promise<void>
}>
