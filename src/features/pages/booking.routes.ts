import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Deps } from '../../deps.ts'
import { answerPage } from '../../http/html-pages.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { openPayment } from '../payments/open-payment.ts'
import { takes, type Selling } from '../payments/selling.ts'
import { readLink } from '../signatures/link-token.ts'
import { pageLink, pagePath } from '../signatures/page-links.ts'
import { bookingPage } from './booking-page.ts'
import { pageUrl, policyToPay } from './page-parts.ts'
import { LinkQuery, PaymentForm } from './pages.schema.ts'
import { readBookingPage, type BookingContents } from './read-booking-page.ts'
import { readerOf } from './reader-of.ts'

/** The page of a booking, where it is also paid. */
export const bookingPages: FastifyPluginAsyncTypebox<Deps & { selling: Selling }> = async (app, deps) => {
  const { selling } = deps

  async function open(token: string): Promise<BookingContents> {
    const link = await readLink(deps.signer, token, 'booking', deps.now())
    if (!link) throw new DomainError('invalid_link')
    const contents = await readBookingPage(deps, link.id)
    if (!contents) throw new DomainError('booking_not_found')
    return contents
  }

  app.get(pagePath('booking'), { schema: { hide: true, querystring: LinkQuery } }, async (request, reply) => {
    const { token, page } = request.query
    const contents = await open(token)
    const { total_price, currency } = contents.booking
    const providers = [...selling.providers.values()].filter((provider) => takes(provider, total_price, currency))
    const reader = readerOf(request, 'booking', contents.language)
    return answerPage(reply, policyToPay, await bookingPage(deps, reader, contents, providers, page))
  })

  app.post(`${pagePath('booking')}/payment`, { schema: { hide: true, body: PaymentForm } }, async (request, reply) => {
    const { token, provider } = request.body
    const { booking } = await open(token)
    const { language } = readerOf(request, 'booking')
    const here = pageUrl('booking', token, language)
    try {
      const return_url = pageLink(deps, 'booking', token)
      const { pay_url } = await openPayment(
        deps,
        selling,
        asCustomer(request.caller, booking.customer_id),
        booking.id,
        {
          provider,
          return_url,
        },
      )
      return await reply.redirect(pay_url ?? here, 303)
    } catch (error) {
      // What has become of it meanwhile, its page says.
      if (error instanceof DomainError && error.code === 'booking_not_pending') return reply.redirect(here, 303)
      throw error
    }
  })
}

/** Who has the link of a booking is its customer, whoever else they are signed in as. */
const asCustomer = ({ request_id, address }: Caller, user_id: number): Caller => ({
  user_id,
  role: 'customer',
  staff_of: new Set(),
  request_id,
  address,
})
