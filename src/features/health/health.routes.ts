import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { sql } from 'kysely'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { done } from '../../http/envelope.ts'
import { EmptyAnswer, errorAnswers } from '../../http/schemas.ts'

const tags = ['health']

export const healthRoutes: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  app.get(
    '/healthz',
    { schema: { tags, summary: 'Whether the process runs', response: { 200: EmptyAnswer } } },
    async () => done('alive'),
  )

  app.get(
    '/readyz',
    {
      schema: {
        tags,
        summary: 'Whether it can serve: the database answers',
        response: { 200: EmptyAnswer, ...errorAnswers('database_unavailable') },
      },
    },
    async () => {
      await reading(deps.database, (db) => sql`select 1`.execute(db))
      return done('ready')
    },
  )
}
