import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Deps } from '../../deps.ts'
import { answerPage, readForms, showErrors } from '../../http/html-pages.ts'
import type { DomainError } from '../../lib/errors.ts'
import { html } from '../../lib/html.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Selling } from '../payments/selling.ts'
import type { Page } from '../signatures/page-links.ts'
import { accountWords } from './account-words.ts'
import { bookingPages } from './booking.routes.ts'
import { bookingWords } from './booking-words.ts'
import { commonWords, type Notice } from './common-words.ts'
import { emailPages } from './email.routes.ts'
import { noticePage, pageUrl, policy, type Reader } from './page-parts.ts'
import { passwordPages } from './password.routes.ts'
import { readerOf } from './reader-of.ts'
import { ticketPages } from './ticket.routes.ts'
import { ticketWords } from './ticket-words.ts'
import { transferPages } from './transfer.routes.ts'

/** A token, and a few short fields. */
const form_bytes_max = 4_096

/**
 * The pages that links in mails lead to. The token of a link, or of a form on its page, is all that opens them: no cookie
 * is read, so no other site can make use of whoever has signed in.
 */
export const linkedPages: FastifyPluginAsync<Deps & { accounts: Accounts; selling: Selling }> = async (app, deps) => {
  readForms(app, form_bytes_max)
  showErrors(app, (request, reply, status, refusal) => {
    const reader = readerOf(request, pageOf(request))
    const words = commonWords[reader.language]
    const isForm = request.method === 'POST' && status !== 403 && status !== 404
    const back = html`<p class="back">
      <a class="button" href="${pageUrl(reader.page, reader.token, reader.language)}">${words.back}</a>
    </p>`
    const notice = noticeFor(reader, status, refusal)
    return answerPage(reply, policy, noticePage(reader, 'closed', notice, isForm ? back : undefined))
  })
  await app.register(bookingPages, deps)
  await app.register(ticketPages, deps)
  await app.register(transferPages, deps)
  await app.register(emailPages, deps)
  await app.register(passwordPages, deps)
}

const pageOf = ({ routeOptions }: FastifyRequest) => /^\/go\/(\w+)/.exec(routeOptions.url ?? '')![1] as Page

function noticeFor({ language }: Reader, status: number, refusal: DomainError | undefined): Notice {
  const words = commonWords[language]
  switch (refusal?.code) {
    case 'invalid_link':
      return words.dead_link
    case 'invalid_reset_token':
      return accountWords[language].password_link_dead
    case 'names_closed':
      return ticketWords[language].name_closed
    case 'ticket_void':
    case 'ticket_already_used':
    case 'event_already_cancelled':
      return ticketWords[language].ticket_gone
    case 'transfer_closed':
      return ticketWords[language].withdrawn
    case 'provider_refused':
    case 'provider_unavailable':
    case 'provider_not_found':
    case 'total_not_payable':
      return bookingWords[language].payment_failed
    case 'too_many_payments':
      return bookingWords[language].too_many_payments
    default:
      break
  }
  if (status === 404) return words.not_there
  if (status === 429) return words.too_many
  if (status === 503) return words.unavailable
  return status < 500 ? words.not_understood : words.broken
}
