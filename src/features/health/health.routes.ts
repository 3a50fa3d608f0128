import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { compareMigrations } from '../../db/migrate.ts'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { done } from '../../http/envelope.ts'
import { EmptyAnswer, errorAnswers } from '../../http/schemas.ts'
import { DomainError } from '../../lib/errors.ts'

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
        summary:
          'Whether it can serve: the database answers, its tables are up to date, and nobody is stopping the server',
        response: {
          200: EmptyAnswer,
          ...errorAnswers('database_unavailable', 'tables_outdated', 'server_stopping'),
        },
      },
    },
    async () => {
      if (app.isDraining()) throw new DomainError('server_stopping')
      const { missing } = await reading(deps.database, compareMigrations)
      if (missing.length > 0) throw new DomainError('tables_outdated')
      return done('ready')
    },
  )
}
