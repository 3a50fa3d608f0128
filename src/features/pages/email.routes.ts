import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { answerPage } from '../../http/html-pages.ts'
import { DomainError } from '../../lib/errors.ts'
import { addressHash, confirmEmail } from '../accounts/confirm-email.ts'
import { readLink } from '../signatures/link-token.ts'
import { pagePath } from '../signatures/page-links.ts'
import { findUser } from '../users/users.sql.ts'
import { emailPage } from './email-page.ts'
import { pageUrl, policy } from './page-parts.ts'
import { LinkForm, LinkQuery } from './pages.schema.ts'
import { readerOf } from './reader-of.ts'

/** The page on which an address is confirmed: by its button, because programs that look through mail follow links. */
export const emailPages: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  app.get(pagePath('email'), { schema: { hide: true, querystring: LinkQuery } }, async (request, reply) => {
    const link = await readLink(deps.signer, request.query.token, 'email', deps.now())
    const user = link && (await reading(deps.database, (db) => findUser(db, link.id)))
    if (!user || link.of !== addressHash(user.email)) throw new DomainError('invalid_link')
    const { email, language, email_confirmed_at } = user
    const reader = readerOf(request, 'email', language)
    return answerPage(reply, policy, emailPage(reader, { email, isConfirmed: email_confirmed_at !== null }))
  })

  app.post(pagePath('email'), { schema: { hide: true, body: LinkForm } }, async (request, reply) => {
    const { token } = request.body
    await confirmEmail(deps, token, request.caller)
    return reply.redirect(pageUrl('email', token, readerOf(request, 'email').language), 303)
  })
}
