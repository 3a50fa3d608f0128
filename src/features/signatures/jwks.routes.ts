import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'

/** A door device that is offline for a day goes on with what it has; one that asks again learns of new keys soon. */
const max_age_s = 300

/** The public keys of the tickets' tokens (https://www.rfc-editor.org/rfc/rfc7517#section-5). */
export const jwksRoutes: FastifyPluginAsyncTypebox<Deps> = async (app, { signer }) => {
  app.get('/.well-known/jwks.json', { schema: { hide: true } }, async (_request, reply) => {
    void reply.header('cache-control', `public, max-age=${max_age_s}`).type('application/jwk-set+json')
    return JSON.stringify({ keys: await signer.publicKeys() })
  })
}
