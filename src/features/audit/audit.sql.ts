import type { Selectable } from 'kysely'
import { byId, type Listing } from '../../db/page-query.ts'
import type { AuditEntryTable } from '../../db/schema.ts'
import type { Timestamp } from '../../lib/time.ts'

export type AuditEntry = Selectable<AuditEntryTable>

export type AuditFilter = {
  organizer_id?: number | undefined
  actor_id?: number | undefined
  entity?: string | undefined
  entity_id?: number | undefined
  action?: string | undefined
  at_from?: Timestamp | undefined
  at_to?: Timestamp | undefined
}

/** What happened, newest first. */
export function listAuditEntries(filter: AuditFilter): Listing<AuditEntry> {
  const { organizer_id, actor_id, entity, entity_id, action, at_from, at_to } = filter
  return {
    name: `audit ${JSON.stringify(filter)}`,
    order: { ...byId('audit_entry'), descending: true },
    select(db) {
      let query = db.selectFrom('audit_entry').selectAll()
      if (organizer_id !== undefined) query = query.where('organizer_id', '=', organizer_id)
      if (actor_id !== undefined) query = query.where('actor_id', '=', actor_id)
      if (entity !== undefined) query = query.where('entity', '=', entity)
      if (entity_id !== undefined) query = query.where('entity_id', '=', entity_id)
      if (action !== undefined) query = query.where('action', '=', action)
      if (at_from !== undefined) query = query.where('at', '>=', at_from)
      if (at_to !== undefined) query = query.where('at', '<=', at_to)
      return query
    },
  }
}
