import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { IdempotencyHeader, IdFilter, IdParams } from '../../http/schemas.ts'
import { seesAll } from '../../lib/caller.ts'
import { languageOf } from '../../lib/language.ts'
import { readBooking } from '../bookings/read-booking.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { openPayment } from './open-payment.ts'
import {
  CompleteRefundBody,
  NoticeView,
  OpenPaymentBody,
  PaymentView,
  ProviderView,
  RefundStatus,
  RefundView,
} from './payments.schema.ts'
import { listNotices, listPaymentsOf } from './payments.sql.ts'
import { readPayment } from './read-payment.ts'
import { listRefunds, listRefundsOf } from './refunds.sql.ts'
import type { Selling } from './selling.ts'
import { completeRefund } from './send-refund.ts'
import { showNotice, showPayment, showRefund } from './show-payment.ts'

const tags = ['payments']
const ofBooking = IdParams('booking')

export const paymentRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { selling: Selling; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  const { selling } = deps

  app.get(
    '/payment-providers',
    {
      schema: {
        tags,
        summary: 'Who can be paid here',
        description: 'None: then every booking succeeds at once.',
        response: { 200: Type.Object({ items: Type.Array(ProviderView) }), ...problemAnswers() },
      },
    },
    async () => ({ items: [...selling.providers.keys()].map((name) => ({ name })) }),
  )

  app.post(
    '/bookings/:id/payments',
    {
      schema: {
        tags,
        summary: 'Open a payment for a pending booking',
        description:
          'Send the customer to its `pay_url`. One that is open at the provider already is answered again, so asking ' +
          'twice opens none. When it is paid, the booking becomes `success` a moment later: ask `GET /bookings/{id}`.',
        params: ofBooking,
        headers: IdempotencyHeader,
        body: OpenPaymentBody,
        response: {
          201: PaymentView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'booking_not_found',
            'booking_not_pending',
            'provider_not_found',
            'total_not_payable',
            'too_many_payments',
            'provider_refused',
            'provider_unavailable',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, body, headers } = request
      const payment = await answerOnce(deps, request, reply, 'open payment', [params.id, body], (keep) =>
        openPayment(deps, selling, caller, params.id, body, keep),
      )
      void reply.code(201).header('location', `/api/v2/payments/${payment.id}`)
      return showPayment(payment, languageOf(headers['accept-language']))
    },
  )

  app.get(
    '/bookings/:id/payments',
    {
      schema: {
        tags,
        summary: 'Attempts to pay for a booking',
        params: ofBooking,
        response: {
          200: Type.Object({ items: Type.Array(PaymentView) }),
          ...problemAnswers('invalid_request', 'booking_not_found'),
        },
      },
    },
    async ({ caller, params, headers }) => {
      const { id } = await readBooking(deps, caller, params.id)
      const payments = await reading(deps.database, (db) => listPaymentsOf(db, id))
      return { items: payments.map((payment) => showPayment(payment, languageOf(headers['accept-language']))) }
    },
  )

  app.get(
    '/bookings/:id/refunds',
    {
      schema: {
        tags,
        summary: 'What goes back to the customer of a booking',
        params: ofBooking,
        response: {
          200: Type.Object({ items: Type.Array(RefundView) }),
          ...problemAnswers('invalid_request', 'booking_not_found'),
        },
      },
    },
    async ({ caller, params, headers }) => {
      const { id } = await readBooking(deps, caller, params.id)
      const refunds = await reading(deps.database, (db) => listRefundsOf(db, id))
      return { items: refunds.map((refund) => showRefund(refund, languageOf(headers['accept-language']))) }
    },
  )

  app.get(
    '/payments/:id',
    {
      schema: {
        tags,
        summary: 'Read a payment',
        params: IdParams('payment'),
        response: { 200: PaymentView, ...problemAnswers('invalid_request', 'payment_not_found') },
      },
    },
    async ({ caller, params, headers }) => {
      const payment = await readPayment(deps, caller, params.id)
      return showPayment(payment, languageOf(headers['accept-language']))
    },
  )

  app.get(
    '/refunds',
    {
      schema: {
        tags,
        summary: 'Refunds, newest first; `status=by_hand` are those that wait for you',
        querystring: Type.Object({ ...cursorQuery, booking_id: IdFilter, status: Type.Optional(RefundStatus) }),
        response: { 200: PageOf(RefundView), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const { caller, query, headers } = request
      const { booking_id, status } = query
      const listing = listRefunds({
        booking_id,
        status,
        ...(!seesAll(caller) && { organizer_id: caller.user_id }),
      })
      return listPage(deps.database, request, reply, listing, (refund) =>
        showRefund(refund, languageOf(headers['accept-language'])),
      )
    },
  )

  app.post(
    '/refunds/:id/completion',
    {
      schema: {
        tags,
        summary: 'Say that you have paid back what the provider could not',
        description:
          'For a refund that is `by_hand`. Karcis moves no money by this: it believes you, and keeps the books.',
        params: IdParams('refund'),
        headers: IdempotencyHeader,
        body: CompleteRefundBody,
        response: {
          200: RefundView,
          ...problemAnswers(
            'invalid_body',
            'invalid_request',
            'refund_not_found',
            'refund_not_by_hand',
            ...keyRefusals,
          ),
        },
      },
    },
    async (request, reply) => {
      const { caller, params, body, headers } = request
      const refund = await answerOnce(deps, request, reply, 'complete refund', [params.id, body], (keep) =>
        completeRefund(deps, caller, params.id, body.note, keep),
      )
      return showRefund(refund, languageOf(headers['accept-language']))
    },
  )

  app.get(
    '/payment-notices',
    {
      schema: {
        tags,
        summary: 'Webhooks that providers have sent; `outcome=unknown` are those about no payment of ours',
        querystring: Type.Object({
          ...cursorQuery,
          outcome: Type.Unsafe<'waiting' | 'applied' | 'unknown'>({
            type: 'string',
            enum: ['waiting', 'applied', 'unknown'],
            default: 'unknown',
          }),
        }),
        response: { 200: PageOf(NoticeView), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => listPage(deps.database, request, reply, listNotices(request.query.outcome), showNotice),
  )
}
