import { isOrganizerOf, mayCheckIn, type Identity } from '../../lib/caller.ts'
import { DomainError, type ErrorCode } from '../../lib/errors.ts'
import type { Channel } from './live.ts'

/** What a channel is about. */
export type Topic =
  Readonly<{ kind: 'me'; user_id: number }> | Readonly<{ kind: 'event' | 'sales' | 'check-ins'; event_id: number }>

/** The topics of events, by what stands behind the id in the channel. */
const kinds = { '': 'event', '/sales': 'sales', '/check-ins': 'check-ins' } as const

/** How channels are written; ids as large as any. */
export const channel_pattern = '^(me|event:[1-9][0-9]{0,14}(/sales|/check-ins)?)$'

/** @throws DomainError `not_signed_in`, if it is one's own and nobody has */
export function topicOf(channel: Channel, { user_id }: Pick<Identity, 'user_id'>): Topic {
  if (channel === 'me') {
    if (user_id === undefined) throw new DomainError('not_signed_in')
    return { kind: 'me', user_id }
  }
  const [, id, rest = ''] = /^event:(\d+)(.*)$/.exec(channel)!
  return { kind: kinds[rest as keyof typeof kinds], event_id: Number(id) }
}

/** One word for each topic, whoever looks on. */
export const keyOf = (topic: Topic): string =>
  topic.kind === 'me' ? `me:${topic.user_id}` : `${topic.kind}:${topic.event_id}`

/** Why this one may not look on, by what they are now; undefined if they may. */
export function refusalOf(topic: Topic, who: Identity | undefined, organizer_id: number): ErrorCode | undefined {
  if (topic.kind === 'event') return undefined
  if (!who) return 'invalid_token'
  if (who.role === 'visitor') return 'not_signed_in'
  if (topic.kind === 'me') {
    // A key is its owner's program, and not its owner.
    if (who.scopes) return 'scope_missing'
    return who.user_id === topic.user_id ? undefined : 'not_signed_in'
  }
  if (who.scopes && !who.scopes.includes('read')) return 'scope_missing'
  const may =
    topic.kind === 'sales' ? isOrganizerOf(who, organizer_id) : mayCheckIn(who, { id: topic.event_id, organizer_id })
  return may ? undefined : 'not_own_event'
}
