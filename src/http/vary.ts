import type { FastifyReply } from 'fastify'

/** Says that the answer depends on this header of the request, beside those that were said before: Origin, above all. */
export function varyBy(reply: FastifyReply, header: string): void {
  const before = reply.getHeader('vary')
  if (before !== undefined && String(before).toLowerCase().split(', ').includes(header.toLowerCase())) return
  void reply.header('vary', before === undefined ? header : `${String(before)}, ${header}`)
}
