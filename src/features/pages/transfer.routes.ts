import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { answerPage } from '../../http/html-pages.ts'
import { pagePath } from '../signatures/page-links.ts'
import { acceptTransfer } from '../transfers/accept-transfer.ts'
import { refuseTransfer } from '../transfers/close-transfer.ts'
import { readOffer } from '../transfers/read-offer.ts'
import { pageUrl, policy } from './page-parts.ts'
import { LinkForm, LinkQuery, NameForm } from './pages.schema.ts'
import { readerOf } from './reader-of.ts'
import { transferPage } from './transfer-page.ts'

const path = pagePath('transfer')

/** The page on which an offered ticket is accepted or declined. */
export const transferPages: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  app.get(path, { schema: { hide: true, querystring: LinkQuery } }, async (request, reply) => {
    const offer = await readOffer(deps, request.query.token)
    return answerPage(reply, policy, transferPage(readerOf(request, 'transfer', offer.language), offer))
  })

  app.post(`${path}/acceptance`, { schema: { hide: true, body: NameForm } }, async (request, reply) => {
    const { token, holder_name } = request.body
    const { ticket_token } = await acceptTransfer(deps, request.caller, { token, holder_name })
    return reply.redirect(pageUrl('ticket', ticket_token, readerOf(request, 'transfer').language), 303)
  })

  app.post(`${path}/refusal`, { schema: { hide: true, body: LinkForm } }, async (request, reply) => {
    const { token } = request.body
    await refuseTransfer(deps, request.caller, { token })
    return reply.redirect(pageUrl('transfer', token, readerOf(request, 'transfer').language), 303)
  })
}
