import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { cursorQuery, listPage, PageOf } from '../../http/cursor.ts'
import { problemAnswers } from '../../http/problem.ts'
import { Id, IdempotencyHeader, IdParams, Moment } from '../../http/schemas.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import { listMessages, type MessageState, type OutboxMessage } from './outbox.sql.ts'
import { retryMessage } from './retry-message.ts'

const tags = ['outbox']
const MessagesQuery = Type.Object({
  ...cursorQuery,
  state: Type.Unsafe<MessageState>({
    type: 'string',
    enum: ['dead', 'waiting'],
    default: 'dead',
    description: '`dead` failed too often, latest first; `waiting` will be tried, the next one first',
  }),
})
const MaybeMoment = (description: string) => Type.Union([Moment, Type.Null()], { description })
const MessageView = Type.Object({
  id: Id,
  kind: Type.String({ description: 'What is to be done', examples: ['send_refund'] }),
  key: Type.String({ description: 'Which one of its kind it is', examples: ['refund 12'] }),
  attempts: Type.Integer({ description: 'How often it was begun', examples: [12] }),
  last_error: Type.Union([Type.String(), Type.Null()], {
    description: 'Why it failed the last time',
    examples: ['Midtrans did not answer in time'],
  }),
  run_at: MaybeMoment('When it is tried next; null if it is dead'),
  dead_at: MaybeMoment('When it failed for the last time'),
  created_at: Moment,
})

const moment = (timestamp: string | null) => (timestamp === null ? null : toRfc3339(timestamp))
const show = (message: OutboxMessage) => ({
  ...message,
  run_at: moment(message.run_at),
  dead_at: moment(message.dead_at),
  created_at: toRfc3339(message.created_at),
})

export const outboxRoutesV2: FastifyPluginAsyncTypebox<Deps & { keysInFlight: KeysInFlight }> = async (app, deps) => {
  app.get(
    '/outbox-messages',
    {
      schema: {
        tags,
        summary: 'What has yet to happen outside, or failed to',
        querystring: MessagesQuery,
        response: { 200: PageOf(MessageView), ...problemAnswers('invalid_request', 'invalid_cursor') },
      },
    },
    async (request, reply) => listPage(deps.database, request, reply, listMessages(request.query.state), show),
  )

  app.post(
    '/outbox-messages/:id/retry',
    {
      schema: {
        tags,
        summary: 'Try a dead message again',
        description: 'When the reason of its failure is gone: it has all its attempts before it.',
        headers: IdempotencyHeader,
        params: IdParams('message'),
        response: {
          200: MessageView,
          ...problemAnswers('invalid_request', ...keyRefusals, 'outbox_message_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { caller, params } = request
      const message = await answerOnce(deps, request, reply, 'retry outbox message', params, (keep) =>
        retryMessage(deps, caller, params.id, keep),
      )
      return show(message)
    },
  )
}
