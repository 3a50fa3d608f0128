import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { problemAnswers } from '../../http/problem.ts'
import { Id, IdempotencyHeader, IdParams, Moment, NoContent, Strict, TextField } from '../../http/schemas.ts'
import { scopes as allScopes, type Scope } from '../../lib/caller.ts'
import { name_length_max } from '../../lib/limits.ts'
import { toRfc3339 } from '../../lib/time.ts'
import { answerOnce, keyRefusals } from '../idempotency/answer-once.ts'
import type { KeysInFlight } from '../idempotency/idempotency.ts'
import type { Accounts } from './accounts.ts'
import { listApiKeys, type ApiKey } from './accounts.sql.ts'
import { createApiKey, removeApiKey } from './create-api-key.ts'

const tags = ['api keys']
const Scopes = Type.Array(Type.Unsafe<Scope>({ type: 'string', enum: allScopes }), {
  minItems: 1,
  maxItems: allScopes.length,
  uniqueItems: true,
  description:
    '`read` looks at what its owner may see; `sell` books seats of its owner’s events; `check-in` uses tickets',
})
const CreateKeyBody = Strict({ name: TextField(name_length_max, {}, { examples: ['Box office'] }), scopes: Scopes })
const KeyView = Type.Object({
  id: Id,
  name: Type.String(),
  prefix: Type.String({ description: 'How the key begins, to tell it from others' }),
  scopes: Scopes,
  created_at: Moment,
})
const NewKeyView = Type.Object({
  ...KeyView.properties,
  secret: Type.Union([Type.String(), Type.Null()], {
    description: 'The key itself, shown this once; null if this is the answer to a request that was sent again',
  }),
})

function show({ id, name, prefix, scopes, created_at }: ApiKey) {
  return { id, name, prefix, scopes: scopes.split(' ') as Scope[], created_at: toRfc3339(created_at) }
}

export const apiKeyRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { accounts: Accounts; keysInFlight: KeysInFlight }
> = async (app, deps) => {
  app.post(
    '/api-keys',
    {
      schema: {
        tags,
        summary: 'Make an API key',
        headers: IdempotencyHeader,
        body: CreateKeyBody,
        response: {
          201: NewKeyView,
          ...problemAnswers('invalid_body', 'invalid_request', ...keyRefusals, 'too_many_api_keys'),
        },
      },
    },
    async (request, reply) => {
      const { caller, body } = request
      let secret: string | null = null
      const result = await answerOnce(deps, request, reply, 'create API key', body, async (keep) => {
        const made = await createApiKey(deps, caller, body, keep)
        secret = made.secret
        return made.key
      })
      return reply.code(201).send({ ...show(result), secret })
    },
  )

  app.get(
    '/api-keys',
    {
      schema: {
        tags,
        summary: 'Your API keys',
        response: { 200: Type.Object({ items: Type.Array(KeyView) }), ...problemAnswers() },
      },
    },
    async ({ caller }) => {
      const keys = await reading(deps.database, (db) => listApiKeys(db, caller.user_id ?? 0))
      return { items: keys.map(show) }
    },
  )

  app.delete(
    '/api-keys/:id',
    {
      schema: {
        tags,
        summary: 'Revoke an API key',
        params: IdParams('API key'),
        response: { 204: NoContent, ...problemAnswers('invalid_request', 'api_key_not_found') },
      },
    },
    async (request, reply) => {
      await removeApiKey(deps, deps.accounts, request.caller, request.params.id)
      return reply.code(204).send(null)
    },
  )
}
