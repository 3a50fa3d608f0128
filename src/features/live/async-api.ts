import type { TSchema } from 'typebox'
import { ClientMessages, ServerMessages, ChannelMessages } from './live.schema.ts'

/**
 * What is said at /live and /live/events, as AsyncAPI 3 tells it; made from the schemas that messages are held against.
 * https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApi() {
  const said = [...Object.keys(ChannelMessages), 'closing']
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Karcis live updates',
      version: '2.0.0',
      description:
        'What changes, as it changes: availability of events, sales, doors, and what is one’s own. `data` is always the ' +
        'state as it is now. A channel is told ten times a second at most. Whoever comes back names the last `seq` that ' +
        'they saw of a channel, and is sent what they missed, or `read_anew`.',
      license: { name: 'MIT', url: 'https://spdx.org/licenses/MIT.html' },
    },
    defaultContentType: 'application/json',
    channels: {
      live: {
        address: '/live',
        title: 'WebSocket',
        description:
          'Who may look on at more than what is public sends `authenticate` first, or an Authorization header. It is ' +
          'closed with 1003 (binary), 1007 (not UTF-8), 1009 (above 4 KB), 1012 (the server restarts: come back after ' +
          '`retry_ms`), 1013 (too many clients), 4000 (subscribed to nothing for a minute), 4008 (reads too slowly) or ' +
          '4029 (sends too much).',
        bindings: { ws: { method: 'GET', bindingVersion: '0.1.0' } },
        messages: references('messages', [...Object.keys(ClientMessages), ...Object.keys(ServerMessages)]),
      },
      events: {
        address: '/live/events',
        title: 'Server-sent events',
        description:
          'The same stream for up to 10 channels, in the `data` of events: `?channels=event:7,event:8`. Refusals are ' +
          'answered as version 2 does. `Last-Event-ID` says what was seen.',
        bindings: {
          http: { bindingVersion: '0.3.0' },
        },
        messages: references('messages', said),
      },
    },
    operations: {
      hear: {
        action: 'receive',
        channel: { $ref: '#/channels/live' },
        summary: 'What clients say',
        messages: inChannel('live', Object.keys(ClientMessages)),
      },
      tell: {
        action: 'send',
        channel: { $ref: '#/channels/live' },
        summary: 'What the server says',
        messages: inChannel('live', Object.keys(ServerMessages)),
      },
      stream: {
        action: 'send',
        channel: { $ref: '#/channels/events' },
        summary: 'What the server says, as server-sent events',
        messages: inChannel('events', said),
      },
    },
    components: {
      messages: {
        ...messages(ClientMessages, clientSummaries),
        ...messages(ServerMessages, serverSummaries),
      },
    },
  }
}

const clientSummaries: Record<keyof typeof ClientMessages, string> = {
  authenticate: 'Sign in, or go on with a new token before the old one ends',
  subscribe: 'Look on at a channel; with `after`, from where you were',
  unsubscribe: 'Look on no more',
  ping: 'Ask whether the server is there; a ping frame does it, too',
}

const serverSummaries: Record<keyof typeof ServerMessages, string> = {
  event: 'An event and its ticket types, as a visitor sees them',
  sales: 'What was sold of an event; for its organizer',
  check_ins: 'Who has come in at an event; for its organizer and staff',
  booking: 'A booking of yours has changed',
  notification: 'You are written to',
  read_anew: 'Read by the API what you show, and go on from here',
  ended: 'This channel is no longer yours to look on at, or there is nothing any more to look at',
  authenticated: 'You have signed in',
  subscribed: 'From now on you are told',
  unsubscribed: 'From now on you are not told',
  pong: 'The server is there',
  error: 'What you said was refused',
  closing: 'The server stops: come back after `retry_ms`',
}

const inChannel = (channel: string, names: string[]) =>
  names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` }))

const references = (kind: string, names: string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/${kind}/${name}` }]))

function messages(schemas: Record<string, TSchema>, summaries: Record<string, string>) {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, payload]) => [name, { name, summary: summaries[name], payload }]),
  )
}
