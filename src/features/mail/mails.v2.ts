import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { MailTable } from '../../db/schema.ts'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { Id, IdempotencyHeader, IdParams, Moment } from '../../http/schemas.ts'
import { no_id, seesAll } from '../../lib/caller.ts'
import { mailKinds, type MailKind } from '../../lib/mail.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { listMails, type ShownMail } from './mail.sql.ts'
import { retryMail } from './retry-mail.ts'

const tags = ['mails']
const Kind = Type.Unsafe<MailKind>({ type: 'string', enum: [...mailKinds], examples: ['booking_confirmed'] })
const Status = Type.Unsafe<MailTable['status']>({
  type: 'string',
  enum: ['waiting', 'sent', 'failed', 'dropped'],
  description: '`failed` is given up until it is sent again; of a `dropped` one, nobody was left to write to',
  examples: ['sent'],
})
const MaybeId = Type.Union([Id, Type.Null()])
const MailView = Type.Object({
  id: Id,
  kind: Kind,
  status: Status,
  to: Type.Union([Type.String(), Type.Null()], {
    description: 'Enough of the address to know it again; null if its owner is gone',
    examples: ['b***@mail.example'],
  }),
  event_id: MaybeId,
  booking_id: MaybeId,
  ticket_id: MaybeId,
  attempts: Type.Integer({ description: 'How often it was tried', examples: [1] }),
  last_error: Type.Union([Type.String(), Type.Null()], { description: 'Why it could not be sent the last time' }),
  sent_at: Type.Union([Moment, Type.Null()]),
  created_at: Moment,
})

const show = ({ address, ...mail }: ShownMail) => ({
  ...mail,
  to: address && address.replace(/^(.)[^@]*/u, '$1***'),
  sent_at: mail.sent_at && toRfc3339(mail.sent_at),
  created_at: toRfc3339(mail.created_at),
})

export const mailRoutesV2: FastifyPluginAsyncTypebox<Deps & { keysInFlight: KeysInFlight }> = async (app, deps) => {
  app.get(
    '/mails',
    {
      schema: {
        tags,
        summary: 'What was mailed about your events, or is to be',
        querystring: Type.Object({
          ...cursorQuery,
          event_id: Type.Optional(Id),
          booking_id: Type.Optional(Id),
          status: Type.Optional(Status),
          kind: Type.Optional(Kind),
        }),
        response: { 200: PageOf(MailView), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => {
      const { event_id, booking_id, status, kind } = request.query
      const organizer_id = seesAll(request.caller) ? undefined : (request.caller.user_id ?? no_id)
      return listPage(
        deps.database,
        request,
        reply,
        listMails({ organizer_id, event_id, booking_id, status, kind }),
        show,
      )
    },
  )

  app.post(
    '/mails/:id/retry',
    {
      schema: {
        tags,
        summary: 'Send a mail once more',
        description: 'To the address that its recipient has by now, with what is true by now.',
        headers: IdempotencyHeader,
        params: IdParams('mail'),
        response: {
          200: MailView,
          ...problemAnswers('invalid_request', ...keyRefusals, 'mail_not_found', 'mail_waiting'),
        },
      },
    },
    async (request, reply) => {
      const { caller, params } = request
      const mail = await answerOnce(deps, request, reply, 'retry mail', params, (keep) =>
        retryMail(deps, caller, params.id, keep),
      )
      return show(mail)
    },
  )
}
