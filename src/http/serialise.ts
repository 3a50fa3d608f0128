import type { FastifyReply } from 'fastify'

/** The body that this reply's route would send with a 200. */
export function serialise(reply: FastifyReply, payload: Record<string, unknown>): string {
  return reply.serializeInput(payload, '200') as string
}
