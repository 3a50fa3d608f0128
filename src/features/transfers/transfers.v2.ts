import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdParams } from '../../http/schemas.ts'
import type { Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { languageOf } from '../../lib/language.ts'
import { toTimestamp } from '../../lib/time.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { Keep, KeysInFlight } from '../idempotency/idempotency.ts'
import { readTicket } from '../tickets/read-ticket.ts'
import { HolderQuery } from '../tickets/tickets.schema.ts'
import type { DoorLine } from '../check-ins/door-line.ts'
import { acceptTransfer } from './accept-transfer.ts'
import { refuseTransfer, withdrawTransfer } from './close-transfer.ts'
import { offerTransfer } from './offer-transfer.ts'
import { readOffer } from './read-offer.ts'
import { showOffer, showTransfer } from './show-transfer.ts'
import { readTransferLink } from './transfer-link.ts'
import { isByCustomer, type Transfer } from './transfer.ts'
import { listTransfersOf } from './transfers.sql.ts'
import {
  AcceptBody,
  AcceptedView,
  OfferBody,
  OfferView,
  RefuseBody,
  TransferQuery,
  TransferView,
} from './transfers.schema.ts'

const tags = ['transfers']
const params = IdParams('transfer')
const unusable = ['ticket_void', 'ticket_already_used', 'event_already_cancelled', 'names_closed'] as const
const linked = ['invalid_link', 'transfer_not_found', 'transfer_closed'] as const

export const transferRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { doors: DoorLine; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const show = (transfer: Transfer) => showTransfer(transfer, toTimestamp(deps.now()))

  /** To whom a later holder gives a ticket is none of its customer's business. */
  const showTo = ({ role }: Caller, transfer: Transfer) =>
    role === 'customer' && !isByCustomer(transfer) ? { ...show(transfer), email: null } : show(transfer)

  /** @throws DomainError `invalid_link` if the link opens another offer than the path names */
  async function assertOpens(token: string, id: number): Promise<void> {
    if ((await readTransferLink(deps, token)) !== id) throw new DomainError('invalid_link')
  }

  app.post(
    '/tickets/:id/transfers',
    {
      schema: {
        tags,
        summary: 'Offer a ticket to somebody else, by mail',
        description:
          'By the ticket’s customer or, when it was handed over, by its holder with the `token` of their link. The ' +
          'offer holds for 7 days, or until the names of the event close; what was offered before is withdrawn.',
        params: IdParams('ticket'),
        querystring: HolderQuery,
        headers: IdempotencyHeader,
        body: OfferBody,
        response: {
          201: TransferView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'invalid_link',
            'ticket_not_found',
            'ticket_handed_over',
            'too_many_transfers',
            ...unusable,
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, query, body, headers } = request
      const offer = { ...body, language: body.language ?? languageOf(headers['accept-language']), token: query.token }
      const make = (keep?: Keep<Transfer>) => offerTransfer(deps, caller, params.id, offer, keep)
      // Keys belong to an account: those of two holders without one could not be told apart.
      const transfer =
        query.token === undefined
          ? await answerOnce(deps, request, reply, 'offer ticket', [params.id, body], make)
          : await make()
      return reply.code(201).send(show(transfer))
    },
  )

  app.get(
    '/tickets/:id/transfers',
    {
      schema: {
        tags,
        summary: 'To whom a ticket was offered',
        description: 'The latest first, 20 at most.',
        params: IdParams('ticket'),
        response: {
          200: Type.Object({ items: Type.Array(TransferView) }),
          ...problemAnswers('invalid_request', 'ticket_not_found'),
        },
      },
    },
    async ({ caller, params }) => {
      const { id } = await readTicket(deps.doors.tickets, caller, params.id)
      const transfers = await reading(deps.database, (db) => listTransfersOf(db, id))
      return { items: transfers.map((transfer) => showTo(caller, transfer)) }
    },
  )

  app.get(
    '/transfers/:id',
    {
      schema: {
        tags,
        summary: 'What is offered, for whom it is offered to',
        params,
        querystring: TransferQuery,
        response: { 200: OfferView, ...problemAnswers('invalid_request', 'invalid_link', 'transfer_not_found') },
      },
    },
    async ({ params, query }) => {
      await assertOpens(query.token, params.id)
      return showOffer(await readOffer(deps, query.token))
    },
  )

  app.post(
    '/transfers/:id/acceptance',
    {
      schema: {
        tags,
        summary: 'Accept a ticket',
        description:
          'It has a new code from now on, and what its giver has admits nobody. Sent again, it answers the same again.',
        params,
        body: AcceptBody,
        response: { 200: AcceptedView, ...problemAnswers('invalid_body', 'invalid_request', ...linked, ...unusable) },
      },
    },
    async ({ caller, params, body }) => {
      await assertOpens(body.token, params.id)
      const { transfer, ticket_token } = await acceptTransfer(deps, caller, body)
      return { ...show(transfer), ticket_token }
    },
  )

  app.post(
    '/transfers/:id/refusal',
    {
      schema: {
        tags,
        summary: 'Decline a ticket',
        params,
        body: RefuseBody,
        response: { 200: TransferView, ...problemAnswers('invalid_body', 'invalid_request', ...linked) },
      },
    },
    async ({ caller, params, body }) => {
      await assertOpens(body.token, params.id)
      return show(await refuseTransfer(deps, caller, body))
    },
  )

  app.post(
    '/transfers/:id/withdrawal',
    {
      schema: {
        tags,
        summary: 'Withdraw an offer',
        description:
          'By who made it, a holder with the `token` of the link to their ticket, or by the organizer. An offer that is ' +
          'withdrawn already stays so.',
        params,
        querystring: HolderQuery,
        response: { 200: TransferView, ...problemAnswers('invalid_request', ...linked) },
      },
    },
    async ({ caller, params, query }) => show(await withdrawTransfer(deps, caller, params.id, query.token)),
  )
}
