import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { compareMigrations } from '../../db/migrate.ts'
import { inSnapshot } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { done } from '../../http/envelope.ts'
import { EmptyAnswer, errorAnswers } from '../../http/schemas.ts'
import { DomainError } from '../../lib/errors.ts'

const tags = ['health']
const answer_ms_max = 3_000

export const healthRoutes: FastifyPluginAsyncTypebox<Deps> = async (app, deps) => {
  app.get(
    '/healthz',
    { schema: { tags, summary: 'Whether the process runs', response: { 200: EmptyAnswer } } },
    async () => done('alive'),
  )

  let asking: Promise<void> | undefined
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
      // One question for all who ask at a time: probes must not be a load of their own.
      asking ??= answers(deps).finally(() => (asking = undefined))
      await asking
      return done('ready')
    },
  )
}

/** @throws DomainError `tables_outdated`; `database_unavailable`, also if it takes too long: who probes has left by then */
async function answers({ database }: Deps): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DomainError('database_unavailable')), answer_ms_max)
  })
  const asked = inSnapshot(database, compareMigrations)
  const { missing } = await Promise.race([asked, tooLate]).finally(() => clearTimeout(timer))
  if (missing.length > 0) throw new DomainError('tables_outdated')
}
