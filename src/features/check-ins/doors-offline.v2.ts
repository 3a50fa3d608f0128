import { Readable } from 'node:stream'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Type } from 'typebox'
import type { SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdParams } from '../../http/schemas.ts'
import { assertMayCheckIn } from '../../lib/caller.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { doorSnapshot } from './door-snapshot.ts'
import { ScansBody, ScansView } from './scans.schema.ts'
import { takeScans } from './take-scans.ts'

const tags = ['check-ins']
const params = IdParams('event')

/** Lines of JSON, which no schema describes as a whole. */
const Lines = {
  description: 'A header, a line for each ticket, a signature',
  content: { 'application/x-ndjson': { schema: { type: 'string' } } },
} as unknown as ReturnType<typeof Type.Any>

export const doorsOfflineRoutesV2: FastifyPluginAsyncTypebox<Deps & { events: SharedRead<Event> }> = async (
  app,
  deps,
) => {
  app.get(
    '/events/:id/door-snapshot',
    {
      schema: {
        tags,
        summary: 'All that a door without network needs, signed',
        description:
          'Lines of JSON: `{event_id, title, doors_open_at, reentry, taken_at, jwks}`; then a line for each ticket that ' +
          'is not void, `[id, version, code, ticket_type_id, holder_name, status, left_at]`; at last `{signature}`, a ' +
          'compact JWS (RFC 7515) of `{sha256, e, at}`: the hash of all bytes before it, the event, and `taken_at`. ' +
          'Without that line it was cut off.',
        params,
        response: { 200: Lines, ...problemAnswers('invalid_request', 'event_not_found', 'not_own_event') },
      },
    },
    async (request, reply) => {
      const event = await readEvent(deps.events, request.params.id)
      assertMayCheckIn(request.caller, event)
      void reply.type('application/x-ndjson').header('cache-control', 'no-store')
      return reply.send(Readable.from(doorSnapshot(deps, event)))
    },
  )

  app.post(
    '/events/:id/scans',
    {
      schema: {
        tags,
        summary: 'Upload what a device scanned without network',
        description:
          'Decided in the order in which they happened, by the rules of `POST /check-ins`. Who should not have got in ' +
          'is kept as a `conflict` with the refusal’s code as its `reason`. A scan counts once by its `scan_id`: sent ' +
          'again, it gets the same answer, marked `repeated`.',
        params,
        body: ScansBody,
        response: {
          200: ScansView,
          ...problemAnswers('invalid_body', 'invalid_request', 'event_not_found', 'not_own_event'),
        },
      },
    },
    async (request) => ({ results: await takeScans(deps, request.caller, request.params.id, request.body) }),
  )
}
