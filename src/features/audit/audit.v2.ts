import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { Id, IdFilter, Moment, MomentFilter } from '../../http/schemas.ts'
import { no_id, seesAll } from '../../lib/caller.ts'
import { momentOf, toRfc3339 } from '../../lib/time.ts'
import { listAuditEntries, type AuditEntry } from './audit.sql.ts'
import { entities } from './record.ts'

const tags = ['audit']
const Entity = Type.Unsafe<(typeof entities)[number]>({ type: 'string', enum: entities })
const Maybe = (description: string) => Type.Union([Type.Integer(), Type.Null()], { description })
const Fields = Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()])

const AuditQuery = Type.Object({
  ...cursorQuery,
  actor_id: IdFilter,
  entity: Type.Optional(Entity),
  entity_id: IdFilter,
  organizer_id: IdFilter,
  // As actions are written: MariaDB does not compare its ASCII columns with other text, it fails.
  action: Type.Optional(Type.String({ maxLength: 64, pattern: '^[a-z_]+$', examples: ['event_changed'] })),
  at_from: MomentFilter('On or after this moment'),
  at_to: MomentFilter('On or before this moment'),
})

const AuditView = Type.Object({
  id: Id,
  at: Moment,
  actor_id: Maybe('Who did it'),
  actor: Type.String({ description: 'What they were then', examples: ['organizer'] }),
  api_key_id: Maybe('By which key'),
  action: Type.String({ examples: ['event_changed'] }),
  entity: Entity,
  entity_id: Maybe('To which row'),
  request_id: Type.Union([Type.String(), Type.Null()]),
  address: Type.Union([Type.String(), Type.Null()], { description: 'From where; shown to admins' }),
  was: Fields,
  became: Fields,
})

export const auditRoutesV2: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  app.get(
    '/audit-entries',
    {
      schema: {
        tags,
        summary: 'What happened, newest first',
        description: 'An admin reads everything; an organizer, what concerns their own events and API keys.',
        querystring: AuditQuery,
        response: { 200: PageOf(AuditView), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const { caller } = request
      const { actor_id, entity, entity_id, action, at_from, at_to, organizer_id: asked } = request.query
      const isAdmin = seesAll(caller)
      const listing = listAuditEntries({
        organizer_id: isAdmin ? asked : asked === undefined || asked === caller.user_id ? caller.user_id : no_id,
        actor_id,
        entity,
        entity_id,
        action,
        at_from: momentOf(at_from),
        at_to: momentOf(at_to),
      })
      return listPage(deps.database, request, reply, listing, (entry) => show(entry, isAdmin))
    },
  )
}

/** Where a customer was when they booked is nothing for the organizer. */
function show(entry: AuditEntry, isAdmin: boolean) {
  return {
    ...entry,
    entity: entry.entity as (typeof entities)[number],
    at: toRfc3339(entry.at),
    address: isAdmin ? entry.address : null,
    was: fieldsOf(entry.was),
    became: fieldsOf(entry.became),
  }
}

function fieldsOf(json: string | null): Record<string, unknown> | null {
  return json === null ? null : (JSON.parse(json) as Record<string, unknown>)
}
