import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { DomainError } from '../../lib/errors.ts'
import { isSame } from '../../lib/same.ts'

/** Who has the token may read the metrics on the port of everything else. */
export type MetricsOnToken = Readonly<{ token: string; type: string; text: () => Promise<string> }>

export const metricsRoutes: FastifyPluginAsyncTypebox<MetricsOnToken> = async (app, { token, type, text }) => {
  app.get('/metrics', { schema: { hide: true } }, async ({ headers }, reply) => {
    const [, given] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
    if (given === undefined) throw new DomainError('not_signed_in')
    if (!isSame(given, token)) throw new DomainError('invalid_token')
    const answer = await text()
    return reply.header('cache-control', 'no-store').type(type).send(answer)
  })
}
