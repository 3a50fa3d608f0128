import type { ServerResponse } from 'node:http'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { anyone } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { validatorCompiler } from '../../http/validation.ts'
import { bearerIn, identify } from '../accounts/identify.ts'
import type { Channel, LiveMessage } from './live.ts'
import { buffered_bytes_max, retryMs, type LiveDeps } from './live-deps.ts'
import { textOf } from './message-text.ts'
import { count } from '../../lib/metrics.ts'

const channels_max = 10
/** Proxies end what is silent; a comment is no event. */
const heartbeat_ms = 15_000

const one = 'me|event:[1-9][0-9]{0,14}(/sales|/check-ins)?'
const Query = Type.Object({
  channels: Type.String({
    maxLength: 400,
    pattern: `^(${one})(,(${one})){0,${channels_max - 1}}$`,
    description: `Up to ${channels_max} channels with commas between: \`event:7,me\``,
    'x-messages': {
      pattern: `channels must be up to ${channels_max} of event:7, event:7/sales, event:7/check-ins or me, with commas between`,
    },
  }),
})
const Headers = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({
      maxLength: 1_000,
      pattern: `^$|^(${one})=[0-9]{1,15}(,(${one})=[0-9]{1,15}){0,${channels_max - 1}}$`,
      description: 'The `id` of the last event that was seen, as browsers send it when they come back',
      'x-messages': { pattern: 'Last-Event-ID must be the id of an event of this stream' },
    }),
  ),
})

/** Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html */
export const eventStreamRoutes: FastifyPluginAsyncTypebox<LiveDeps> = async (app, deps) => {
  const { live, accounts, clients, open } = deps
  const streams = new Set<ServerResponse>()
  let beating: NodeJS.Timeout | undefined
  let isClosing = false
  app.setValidatorCompiler(validatorCompiler)

  // A HEAD of it would be a stream that tells nothing.
  const options = { exposeHeadRoute: false, schema: { hide: true, querystring: Query, headers: Headers } }
  app.get('/live/events', options, async (request, reply) => {
    if (isClosing) throw new DomainError('server_busy')
    const { caller, headers, query } = request
    const channels = [...new Set(query.channels.split(','))] as Channel[]
    const seen = seenIn(headers['last-event-id'] ?? '')
    const token = headers.authorization === undefined ? undefined : bearerIn(headers.authorization)
    const whoNow = () => (open ? anyone : token === undefined ? caller : identify(accounts, token))
    const stream = reply.raw
    const ends = new Map<Channel, () => void>()
    const leaving = [clients.enter(request.ip)]
    const leave = () => {
      for (const end of [...ends.values(), ...leaving.splice(0)]) end()
      ends.clear()
    }
    // What comes before all channels are there waits for them: one that is refused is told by the status.
    let early: LiveMessage[] | undefined = []
    const send = (message: LiveMessage) => {
      if (stream.writableEnded || stream.destroyed) return
      // It reads too slowly, and is not waited for.
      if (stream.writableLength > buffered_bytes_max) {
        count('karcis_live_dropped_total', {})
        stream.destroy()
        return
      }
      if (message.type === 'ended') ends.delete(message.channel)
      else seen.set(message.channel, message.seq)
      stream.write(eventOf(message, seen))
      if (ends.size === 0) stream.end()
    }
    try {
      if (caller.user_id !== undefined) leaving.push(clients.signIn(caller.user_id))
      for (const channel of channels) {
        const listener = (message: LiveMessage) => (early ? void early.push(message) : send(message))
        ends.set(channel, await live.subscribe(caller, channel, listener, seen.get(channel), whoNow))
      }
    } catch (error) {
      leave()
      throw error
    }
    reply.hijack()
    stream.on('close', () => {
      leave()
      streams.delete(stream)
      if (streams.size > 0) return
      clearInterval(beating)
      beating = undefined
    })
    if (stream.destroyed) return leave()
    streams.add(stream)
    beating ??= setInterval(beat, heartbeat_ms).unref()
    void reply.headers({
      'content-type': 'text/event-stream; charset=utf-8',
      // Ends with its stream: there is nothing to keep it alive for.
      connection: 'close',
      // nginx would gather it.
      'x-accel-buffering': 'no',
    })
    for (const [name, value] of Object.entries(reply.getHeaders())) stream.setHeader(name, value!)
    stream.write(`retry: ${retryMs()}\n\n`)
    const waiting = early
    early = undefined
    for (const message of waiting) send(message)
  })

  function beat(): void {
    for (const stream of streams) {
      if (stream.writableLength > buffered_bytes_max) stream.destroy()
      else stream.write(':\n\n')
    }
  }

  app.addHook('preClose', async () => {
    isClosing = true
    for (const stream of streams) {
      const retry_ms = retryMs()
      stream.end(`retry: ${retry_ms}\ndata: ${JSON.stringify({ type: 'closing', retry_ms })}\n\n`)
    }
  })
}

/** Its id names the last that was seen of each channel: after a loss, the browser brings it along. */
function eventOf(message: LiveMessage, seen: ReadonlyMap<Channel, number>): string {
  const id = [...seen].map(([channel, seq]) => `${channel}=${seq}`).join(',')
  return `id: ${id}\ndata: ${textOf(message)}\n\n`
}

function seenIn(id: string): Map<Channel, number> {
  const seen = new Map<Channel, number>()
  for (const part of id.split(',').filter(Boolean)) {
    const [channel, seq] = part.split('=') as [Channel, string]
    seen.set(channel, Number(seq))
  }
  return seen
}
