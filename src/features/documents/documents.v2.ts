import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { SharedRead } from '../../db/shared-read.ts'
import type { Deps } from '../../deps.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams, Moment } from '../../http/schemas.ts'
import { varyBy } from '../../http/vary.ts'
import { networkOf } from '../../lib/network.ts'
import { asLanguage, languageOf, languages, type Language } from '../../lib/language.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { signTicket } from '../signatures/ticket-token.ts'
import { calendarOf } from './calendar.ts'
import { linkToBooking, linkToTicket, urlOf, type LinkTerms } from './make-link.ts'
import { openBooking, openTicket, openTicketsOfBooking, type Opener } from './open-documents.ts'
import { sizes, type PageSize } from './print-job.ts'
import { printTickets } from './print-tickets.ts'
import type { Asker } from './printer.ts'
import { qrPng, qrSvg } from './qr-code.ts'

const tags = ['documents']
const ticketParams = IdParams('ticket')
const bookingParams = IdParams('booking')

/** Longer than any that was made here. */
const token_length_max = 1_000
const withToken = {
  token: Type.Optional(
    Type.String({ maxLength: token_length_max, description: 'Of a signed link, instead of signing in' }),
  ),
}
const withLanguage = {
  lang: Type.Optional(
    Type.Unsafe<Language>({
      type: 'string',
      enum: [...languages],
      description: 'Left out: the one that Accept-Language prefers',
    }),
  ),
}
const withSize = {
  size: Type.Unsafe<PageSize>({
    type: 'string',
    enum: [...sizes],
    default: 'a4',
    description: '`a4` to print, `phone` to show on a screen',
  }),
}

/** An answer that is a file. */
const File = (type: string, description: string) =>
  ({ description, content: { [type]: { schema: { type: 'string', format: 'binary' } } } }) as unknown as ReturnType<
    typeof Type.Any
  >

const LinkView = Type.Object({
  url: Type.String({
    description: 'Opens it without signing in, so it is for whom it was made for and nobody else',
    examples: ['https://tickets.example.com/go/booking?token=…'],
  }),
  expires_at: Moment,
})

const openRefusals = ['invalid_request', 'not_signed_in', 'invalid_link'] as const
const opened = 'For who may see it, or by `?token=` for who has a signed link to it.'

const openerOf = ({ caller, query }: { caller: FastifyRequest['caller']; query: { token?: string } }): Opener => ({
  caller,
  token: query.token,
})

/** Told apart by account; by what the link opens, without one; and by address where there are no accounts. */
function askerOf({ caller }: FastifyRequest, opened: Asker): Asker {
  if (caller.user_id !== undefined) return `account ${caller.user_id}`
  return caller.role === 'visitor' ? opened : `network ${networkOf(caller.address ?? undefined)}`
}

export const documentRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { events: SharedRead<Event>; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  app.get(
    '/tickets/:id/qr.svg',
    {
      schema: {
        tags,
        summary: 'A ticket’s QR code as SVG',
        description: opened,
        params: ticketParams,
        querystring: Type.Object(withToken),
        response: {
          200: File('image/svg+xml', 'The QR code'),
          ...problemAnswers(...openRefusals, 'ticket_not_found', 'ticket_void'),
        },
      },
    },
    async (request, reply) => {
      const ticket = await openTicket(deps, openerOf(request), request.params.id)
      sendAs(reply, 'image/svg+xml', `ticket-${ticket.ticket_code}.svg`, 'inline')
      return reply.send(Buffer.from(qrSvg(await signTicket(deps.signer, ticket))))
    },
  )

  app.get(
    '/tickets/:id/qr.png',
    {
      schema: {
        tags,
        summary: 'A ticket’s QR code as PNG',
        description: opened,
        params: ticketParams,
        querystring: Type.Object(withToken),
        response: {
          200: File('image/png', 'The QR code'),
          ...problemAnswers(...openRefusals, 'ticket_not_found', 'ticket_void'),
        },
      },
    },
    async (request, reply) => {
      const ticket = await openTicket(deps, openerOf(request), request.params.id)
      sendAs(reply, 'image/png', `ticket-${ticket.ticket_code}.png`, 'inline')
      return reply.send(await qrPng(await signTicket(deps.signer, ticket)))
    },
  )

  app.get(
    '/tickets/:id/pdf',
    {
      schema: {
        tags,
        summary: 'A ticket as PDF',
        description: opened,
        params: ticketParams,
        querystring: Type.Object({ ...withToken, ...withLanguage, ...withSize }),
        response: {
          200: File('application/pdf', 'One page'),
          ...problemAnswers(...openRefusals, 'ticket_not_found', 'ticket_void', 'event_not_found'),
        },
      },
    },
    async (request, reply) => {
      const ticket = await openTicket(deps, openerOf(request), request.params.id)
      const pdf = await printTickets(deps, [ticket.id], {
        language: languageFor(request, reply),
        size: request.query.size,
        asker: askerOf(request, `ticket ${ticket.id}`),
      })
      sendAs(reply, 'application/pdf', `ticket-${ticket.ticket_code}.pdf`, 'inline')
      return reply.send(pdf)
    },
  )

  app.get(
    '/bookings/:id/tickets.pdf',
    {
      schema: {
        tags,
        summary: 'The tickets of a booking as PDF',
        description: `${opened} One page each, without those that are void; those that were handed over are for the organizer alone.`,
        params: bookingParams,
        querystring: Type.Object({ ...withToken, ...withLanguage, ...withSize }),
        response: {
          200: File('application/pdf', 'A page for each ticket'),
          ...problemAnswers(...openRefusals, 'booking_not_found', 'ticket_not_found', 'ticket_void', 'event_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const tickets = await openTicketsOfBooking(deps, openerOf(request), id)
      const pdf = await printTickets(deps, tickets, {
        language: languageFor(request, reply),
        size: request.query.size,
        asker: askerOf(request, `booking ${id}`),
      })
      sendAs(reply, 'application/pdf', `tickets-${id}.pdf`, 'inline')
      return reply.send(pdf)
    },
  )

  app.get(
    '/bookings/:id/event.ics',
    {
      schema: {
        tags,
        summary: 'The event of a booking as a calendar entry',
        description: opened,
        params: bookingParams,
        querystring: Type.Object({ ...withToken, ...withLanguage }),
        response: {
          200: File('text/calendar', 'RFC 5545'),
          ...problemAnswers(...openRefusals, 'booking_not_found', 'event_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { event_id } = await openBooking(deps, openerOf(request), request.params.id)
      return sendCalendar(request, reply, await readEvent(deps.events, event_id))
    },
  )

  app.get(
    '/events/:id/event.ics',
    {
      schema: {
        tags,
        summary: 'An event as a calendar entry',
        params: IdParams('event'),
        querystring: Type.Object(withLanguage),
        response: {
          200: File('text/calendar', 'RFC 5545'),
          ...problemAnswers('invalid_request', 'event_not_found'),
        },
      },
    },
    async (request, reply) => sendCalendar(request, reply, await readEvent(deps.events, request.params.id)),
  )

  app.post(
    '/bookings/:id/links',
    {
      schema: {
        tags,
        summary: 'Make a link that opens a booking without signing in',
        params: bookingParams,
        headers: IdempotencyHeader,
        response: {
          201: LinkView,
          ...problemAnswers('invalid_request', 'booking_not_found', 'event_not_found', ...keyRefusals),
        },
      },
    },
    async (request, reply) => {
      const { caller, params } = request
      const terms = await answerOnce(deps, request, reply, 'link to booking', params.id, (keep) =>
        linkToBooking(deps, caller, params.id, keep),
      )
      return reply.code(201).send(await showLink(deps, terms))
    },
  )

  app.post(
    '/tickets/:id/links',
    {
      schema: {
        tags,
        summary: 'Make a link that opens a ticket without signing in',
        description: 'It ends when the ticket is handed over.',
        params: ticketParams,
        headers: IdempotencyHeader,
        response: {
          201: LinkView,
          ...problemAnswers('invalid_request', 'ticket_not_found', 'ticket_void', 'event_not_found', ...keyRefusals),
        },
      },
    },
    async (request, reply) => {
      const { caller, params } = request
      const terms = await answerOnce(deps, request, reply, 'link to ticket', params.id, (keep) =>
        linkToTicket(deps, caller, params.id, keep),
      )
      return reply.code(201).send(await showLink(deps, terms))
    },
  )
}

/** What was asked for by name, or else what the browser prefers. */
function languageFor({ query, headers }: FastifyRequest, reply: FastifyReply): Language {
  varyBy(reply, 'Accept-Language')
  return asLanguage((query as { lang?: unknown }).lang) ?? languageOf(headers['accept-language'])
}

function sendCalendar(request: FastifyRequest, reply: FastifyReply, event: Event): FastifyReply {
  const calendar = calendarOf(event, { language: languageFor(request, reply) })
  sendAs(reply, 'text/calendar; charset=utf-8', `event-${event.id}.ics`, 'attachment')
  return reply.send(Buffer.from(calendar))
}

/** Names a file, and keeps it out of every cache: whoever has a ticket is let in. */
function sendAs(reply: FastifyReply, type: string, name: string, disposition: 'inline' | 'attachment'): void {
  void reply
    .type(type)
    .header('content-disposition', `${disposition}; filename="${name}"`)
    .header('cache-control', 'private, no-store')
}

async function showLink(deps: Deps, terms: LinkTerms) {
  return { url: await urlOf(deps, terms), expires_at: toRfc3339(terms.expires_at) }
}
