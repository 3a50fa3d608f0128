import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { problemAnswers } from '../../http/problem.ts'
import { receiveNotice } from './receive-notice.ts'
import type { Selling } from './selling.ts'

/** Providers send a few kilobytes. */
const body_bytes_max = 64 * 1_024

/** Where payment providers tell what has happened. Signatures are made of bytes, so a body is taken as it comes. */
export const webhookRoutesV2: FastifyPluginAsyncTypebox<Deps & { selling: Selling }> = async (app, deps) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: body_bytes_max }, (_request, body, done) =>
    done(null, body),
  )

  app.post(
    '/webhooks/:provider',
    {
      schema: {
        tags: ['payments'],
        summary: 'For payment providers: tell what has become of a payment',
        description:
          'Verified in the way of each provider, kept once however often it is sent, and applied afterwards.',
        params: Type.Object({ provider: Type.String({ minLength: 1, maxLength: 16, examples: ['midtrans'] }) }),
        response: {
          200: Type.Object({ received: Type.Boolean() }),
          ...problemAnswers('invalid_webhook', 'webhook_forged', 'provider_not_found'),
        },
      },
    },
    async ({ params, headers, body }) => {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
      await receiveNotice(deps, deps.selling, params.provider, { headers, body: bytes, now: deps.now() })
      return { received: true }
    },
  )
}
