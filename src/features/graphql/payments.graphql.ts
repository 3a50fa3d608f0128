import { Type } from 'typebox'
import { reading } from '../../db/transaction.ts'
import { IdFilter } from '../../http/schemas.ts'
import { checkerOf } from '../../http/validation.ts'
import { isOrganizerOf, seesAll } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { readEvent } from '../events/read-event.ts'
import { doOnce } from '../idempotency/answer-once.ts'
import { listTakings } from '../ledger/ledger.sql.ts'
import { openPayment } from '../payments/open-payment.ts'
import { OpenPaymentBody, RefundStatus } from '../payments/payments.schema.ts'
import { readPayment } from '../payments/read-payment.ts'
import { listRefunds } from '../payments/refunds.sql.ts'
import { showPayment, showRefund } from '../payments/show-payment.ts'
import { connection, pageArgs } from './connection.graphql.ts'
import { by, type Fields } from './field.ts'

const checkRefunds = checkerOf(Type.Object({ ...pageArgs, booking_id: IdFilter, status: Type.Optional(RefundStatus) }))
const checkPayment = checkerOf(OpenPaymentBody)

type NewPayment = { booking_id: number; input: object; idempotency_key?: string }

export const paymentFields: Fields = {
  'Query.payment_providers': by('GET /payment-providers', (_, _args, { deps }) => [...deps.selling.providers.keys()]),

  'Query.payment': by('GET /payments/:id', async (_, { id }: { id: number }, { deps, caller, language }) =>
    showPayment(await readPayment(deps, caller, id), language),
  ),

  'Query.refunds': by('GET /refunds', (_, args, { deps, caller, language }) => {
    const { booking_id, status, ...page } = checkRefunds(args)
    const listing = listRefunds({ booking_id, status, ...(!seesAll(caller) && { organizer_id: caller.user_id }) })
    return connection(deps.database, listing, page, (refund) => showRefund(refund, language))
  }),

  'Query.takings': by('GET /events/:id/takings', async (_, { event_id }: { event_id: number }, { deps, caller }) => {
    const event = await readEvent(deps.events, event_id)
    if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
    return reading(deps.database, (db) => listTakings(db, event))
  }),

  'Mutation.open_payment': by(
    'POST /bookings/:id/payments',
    async (_, { booking_id, input, idempotency_key }: NewPayment, { deps, caller, language, noteReplay }) => {
      const body = checkPayment(input)
      const asked = [booking_id, body]
      const { result, replayed } = await doOnce(deps, caller, idempotency_key, 'open payment', asked, (keep) =>
        openPayment(deps, deps.selling, caller, booking_id, body, keep),
      )
      if (replayed) noteReplay()
      return showPayment(result, language)
    },
  ),
}
