import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { inSnapshot } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { answerPage } from '../../http/html-pages.ts'
import { DomainError } from '../../lib/errors.ts'
import { findEvent } from '../events/events.sql.ts'
import { readLink } from '../signatures/link-token.ts'
import { pagePath } from '../signatures/page-links.ts'
import { findTicketType } from '../ticket-types/ticket-types.sql.ts'
import { renameHolder } from '../tickets/rename-holder.ts'
import { listTicketsByIds } from '../tickets/tickets.sql.ts'
import { noticePage, pageUrl, policy } from './page-parts.ts'
import { LinkQuery, NameForm } from './pages.schema.ts'
import { readerOf } from './reader-of.ts'
import { ticketPage } from './ticket-page.ts'
import { ticketWords } from './ticket-words.ts'

/** The page of a ticket for who it was handed to. It is dead when they hand it on. */
export const ticketPages: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  async function open(token: string) {
    const link = await readLink(deps.signer, token, 'ticket', deps.now())
    if (!link) throw new DomainError('invalid_link')
    const found = await inSnapshot(deps.database, async (db) => {
      const [ticket] = await listTicketsByIds(db, [link.id])
      const event = ticket && (await findEvent(db, ticket.event_id))
      return event && { ticket, event, type: (await findTicketType(db, ticket.ticket_type_id))?.name }
    })
    if (!found) throw new DomainError('ticket_not_found')
    return { ...found, isHandedOn: found.ticket.version !== link.version }
  }

  app.get(pagePath('ticket'), { schema: { hide: true, querystring: LinkQuery } }, async (request, reply) => {
    const { isHandedOn, ...contents } = await open(request.query.token)
    // Whose it is now is nobody's business here, and neither is their language.
    const reader = readerOf(request, 'ticket', isHandedOn ? undefined : (contents.ticket.holder_language ?? undefined))
    if (isHandedOn) {
      const notice = noticePage(reader, 'closed', ticketWords[reader.language].handed_on)
      return answerPage(reply.code(403), policy, notice)
    }
    return answerPage(reply, policy, await ticketPage(deps, reader, contents))
  })

  app.post(`${pagePath('ticket')}/name`, { schema: { hide: true, body: NameForm } }, async (request, reply) => {
    const { token, holder_name } = request.body
    const { ticket } = await open(token)
    await renameHolder(deps, request.caller, ticket.id, { holder_name, token })
    return reply.redirect(pageUrl('ticket', token, readerOf(request, 'ticket').language), 303)
  })
}
