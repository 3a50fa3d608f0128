import type { FastifyRequest } from 'fastify'
import type { Role } from '../../lib/caller.ts'

/**
 * A preValidation hook: who acts for themselves may leave their own id out of the body, and it comes from the
 * token. All others must name it.
 */
export function fillInOwnId(field: 'organizer_id' | 'customer_id', role: Role) {
  return async ({ body, caller }: FastifyRequest): Promise<void> => {
    if (caller.role !== role || typeof body !== 'object' || body === null || Array.isArray(body)) return
    const fields = body as Record<string, unknown>
    fields[field] ??= caller.user_id
  }
}
