import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { SharedRead } from '../../db/shared-read.ts'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { Id, IdFilter, IdParams, Moment, Sum } from '../../http/schemas.ts'
import { isOrganizerOf, no_id, seesAll, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { toRfc3339 } from '../../lib/time.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { organizerAccount } from './ledger.ts'
import { listBalances, listLedgerEntries, listTakings, type LedgerEntry } from './ledger.sql.ts'

const tags = ['ledger']
const Currency = Type.String({ description: 'ISO 4217', examples: ['IDR'] })

const LedgerQuery = Type.Object({
  ...cursorQuery,
  // As accounts are written: MariaDB does not compare its ASCII columns with other text, it fails.
  account: Type.Optional(Type.String({ maxLength: 64, pattern: '^[a-z]+(:[a-z0-9]+)?$', examples: ['organizer:7'] })),
  event_id: IdFilter,
  booking_id: IdFilter,
})

const LedgerEntryView = Type.Object({
  id: Id,
  cause: Type.String({ description: 'The entries of one cause add up to 0', examples: ['payment 12'] }),
  account: Type.String({ examples: ['organizer:7'] }),
  amount: Type.Integer({ description: 'Debit above 0, credit below, in minor units', examples: [-975_000] }),
  currency: Currency,
  event_id: Id,
  booking_id: Id,
  at: Moment,
})

const BalanceView = Type.Object({
  organizer_id: Id,
  balances: Type.Array(
    Type.Object({ currency: Currency, amount: Sum('What the organizer is owed; below 0, what they owe', 975_000) }),
  ),
})

export const TakingsView = Type.Object({
  event_id: Id,
  takings: Type.Array(
    Type.Object({
      currency: Currency,
      charged: Sum('What was paid for its bookings', 1_500_000),
      refunded: Sum('What of it has gone back or is on its way', 500_000),
      fees: Sum('What of the rest is the platform’s', 25_000),
      net: Sum('What of the rest is the organizer’s', 975_000),
    }),
  ),
})

export const ledgerRoutesV2: FastifyPluginAsyncTypebox<Deps & { events: SharedRead<Event> }> = async (app, deps) => {
  app.get(
    '/ledger-entries',
    {
      schema: {
        tags,
        summary: 'Entries of the ledger, newest first',
        description: 'An admin reads every account; an organizer, their own.',
        querystring: LedgerQuery,
        response: { 200: PageOf(LedgerEntryView), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const { account, event_id, booking_id } = request.query
      const listing = listLedgerEntries({ account: accountFor(request.caller, account), event_id, booking_id })
      return listPage(deps.database, request, reply, listing, show)
    },
  )

  app.get(
    '/balance',
    {
      schema: {
        tags,
        summary: 'What an organizer is owed, by currency',
        description: 'An organizer may leave `organizer_id` out; all others must name one.',
        querystring: Type.Object({ organizer_id: IdFilter }),
        response: { 200: BalanceView, ...problemAnswers('invalid_request', 'not_own_organizer_id') },
      },
    },
    async ({ caller, query }) => {
      const organizer_id = query.organizer_id ?? ownOrganizerId(caller)
      if (!isOrganizerOf(caller, organizer_id)) throw new DomainError('not_own_organizer_id')
      const balances = await reading(deps.database, (db) => listBalances(db, organizerAccount(organizer_id)))
      // What stands as a credit in our books is theirs.
      return { organizer_id, balances: balances.map(({ currency, amount }) => ({ currency, amount: 0 - amount })) }
    },
  )

  app.get(
    '/events/:id/takings',
    {
      schema: {
        tags,
        summary: 'What was taken for an event, by currency',
        params: IdParams('event'),
        response: { 200: TakingsView, ...problemAnswers('invalid_request', 'event_not_found', 'not_own_event') },
      },
    },
    async ({ caller, params }) => {
      const event = await readEvent(deps.events, params.id)
      if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
      const takings = await reading(deps.database, (db) => listTakings(db, event))
      return { event_id: event.id, takings }
    },
  )
}

/** The account that a list is narrowed to. Who asks for another's gets none, as if nothing were written there. */
function accountFor(caller: Caller, asked: string | undefined): string | undefined {
  if (seesAll(caller)) return asked
  const own = organizerAccount(caller.user_id ?? no_id)
  return asked === undefined || asked === own ? own : organizerAccount(no_id)
}

/** @throws DomainError `invalid_request` for who is no organizer, and must say whose balance is meant */
function ownOrganizerId(caller: Caller): number {
  if (caller.role === 'organizer' && caller.user_id !== undefined) return caller.user_id
  const detail = 'organizer_id is required'
  throw new DomainError('invalid_request', detail, { fields: [{ in: 'query', pointer: '/organizer_id', detail }] })
}

function show(entry: LedgerEntry) {
  return { ...entry, at: toRfc3339(entry.at) }
}
