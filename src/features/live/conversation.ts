import type { Logger } from 'pino'
import { anyone, type Caller, type Identity } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { identify } from '../accounts/identify.ts'
import { readClientMessage, referenceIn } from './client-messages.schema.ts'
import type { Clients } from './clients.ts'
import type { Channel, Live, LiveMessage } from './live.ts'
import type { ClientMessage, ServerMessage } from './live.schema.ts'

export const channels_max = 20

/** Messages that a client may send: so many at once, and so many a second from then on. */
const burst_max = 40
const per_second_max = 10

/** How a connection ends, in the range that is for applications: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2 */
export const closeCodes = { idle: 4000, slow: 4008, flood: 4029 } as const

/** The way to one client. */
export type Line = Readonly<{
  send: (text: string) => void
  /** What many are told. */
  tell: (message: LiveMessage) => void
  close: (code: number, reason: string) => void
}>

export type Conversation = Readonly<{
  hear: (text: string) => void
  /** How many channels are looked on at. */
  channels: () => number
  end: () => void
}>

/**
 * Talks with one client over a WebSocket: one message after the other, in the order in which they come.
 *
 * @param open whether the server runs without accounts
 * @param first who it is by its Authorization header, and the token in that
 * @throws DomainError `too_many_requests`
 */
export function converse(
  {
    live,
    accounts,
    clients,
    log,
    open,
  }: { live: Live; accounts: Accounts; clients: Clients; log: Logger; open: boolean },
  line: Line,
  first: { caller: Caller; token: string | undefined },
): Conversation {
  const ends = new Map<Channel, () => void>()
  let { caller, token } = first
  let signOut = caller.user_id === undefined ? () => {} : clients.signIn(caller.user_id)
  let turn = Promise.resolve()
  let hasEnded = false
  let budget = burst_max
  let heard_at = performance.now()

  const say = (message: ServerMessage) => line.send(JSON.stringify(message))
  const whoNow = () => {
    if (open) return anyone
    return token === undefined ? caller : identify(accounts, token)
  }

  function isTooMuch(): boolean {
    const now = performance.now()
    budget = Math.min(burst_max, budget + ((now - heard_at) / 1_000) * per_second_max)
    heard_at = now
    return --budget < 0
  }

  async function answer(text: string): Promise<void> {
    if (hasEnded) return
    try {
      await act(readClientMessage(text))
    } catch (error) {
      if (!(error instanceof DomainError)) log.error({ err: error }, 'a live message could not be answered')
      const { code, message } =
        error instanceof DomainError ? error : { code: 'internal_error', message: 'internal server error' }
      say({ type: 'error', code, message, ...replyTo(referenceIn(text)) })
    }
  }

  async function act(message: ClientMessage): Promise<void> {
    const reply = replyTo(message.id)
    switch (message.type) {
      case 'authenticate': {
        const { user_id, role } = await signIn(message.token)
        return say({ type: 'authenticated', user_id: user_id ?? null, role, ...reply })
      }
      case 'subscribe':
        await subscribe(message.channel, message.after, () =>
          say({ type: 'subscribed', channel: message.channel, ...reply }),
        )
        return
      case 'unsubscribe':
        unsubscribe(message.channel)
        return say({ type: 'unsubscribed', channel: message.channel, ...reply })
      case 'ping':
        return say({ type: 'pong', ...reply })
    }
  }

  /** A token that comes in time takes the place of one that is about to end, and what is looked on at goes on. */
  async function signIn(given: string): Promise<Identity> {
    if (open) return anyone
    const identity = await identify(accounts, given)
    if (!identity) throw new DomainError('invalid_token')
    if (identity.user_id !== caller.user_id) {
      const leave = identity.user_id === undefined ? () => {} : clients.signIn(identity.user_id)
      signOut()
      signOut = leave
      if (hasEnded) signOut()
    }
    token = given
    caller = { ...identity, request_id: caller.request_id, address: caller.address }
    return identity
  }

  async function subscribe(channel: Channel, after: number | undefined, confirm: () => void): Promise<void> {
    if (!ends.has(channel) && ends.size >= channels_max) throw new DomainError('too_many_channels')
    unsubscribe(channel)
    // What comes before it is confirmed waits for that.
    let early: LiveMessage[] | undefined = []
    let isOver = false
    const send = (message: LiveMessage) => {
      if (message.type === 'ended') {
        isOver = true
        ends.delete(channel)
      }
      line.tell(message)
    }
    const end = await live.subscribe(
      caller,
      channel,
      (message) => (early ? early.push(message) : send(message)),
      after,
      whoNow,
    )
    if (hasEnded) return end()
    confirm()
    ends.set(channel, end)
    const waiting = early
    early = undefined
    for (const message of waiting) send(message)
    if (isOver) end()
  }

  function unsubscribe(channel: Channel): void {
    ends.get(channel)?.()
    ends.delete(channel)
  }

  return {
    hear(text) {
      if (hasEnded) return
      if (isTooMuch()) return line.close(closeCodes.flood, 'too many messages')
      turn = turn.then(() => answer(text))
    },
    channels: () => ends.size,
    end() {
      if (hasEnded) return
      hasEnded = true
      for (const end of ends.values()) end()
      ends.clear()
      signOut()
    },
  }
}

const replyTo = (id: string | undefined) => (id === undefined ? {} : { in_reply_to: id })
