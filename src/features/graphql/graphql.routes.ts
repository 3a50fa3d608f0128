import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { asRefusal } from '../../http/error-handler.ts'
import type { Spend } from '../../http/rate-limit.ts'
import { checkerOf } from '../../http/validation.ts'
import { varyBy } from '../../http/vary.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Caller } from '../../lib/caller.ts'
import { languageOf } from '../../lib/language.ts'
import { accountOf } from '../accounts/authenticate.ts'
import { openCheckInCounts } from '../check-ins/check-in-counts.ts'
import { openTicketCodes } from '../check-ins/check-in-ticket.ts'
import { accountFields } from './account.graphql.ts'
import type { LiveDeps } from '../live/live-deps.ts'
import type { WhoNow } from '../live/live.ts'
import { foreignTo } from '../live/origins.routes.ts'
import { bookingFields } from './bookings.graphql.ts'
import { checkInFields } from './check-ins.graphql.ts'
import type { GraphContext, GraphDeps } from './context.ts'
import { openDocuments, operationOf } from './documents.ts'
import type { Engine } from './engine.ts'
import { showErrors, showResult } from './errors.graphql.ts'
import { eventFields } from './events.graphql.ts'
import type { Fields } from './field.ts'
import { limits } from './limits.ts'
import type { ListedDocuments } from './listed-documents.ts'
import { makeSchema } from './make-schema.graphql.ts'
import { paymentFields } from './payments.graphql.ts'
import { openRows } from './rows.ts'
import { ticketFields } from './tickets.graphql.ts'
import { updateFields } from './updates.graphql.ts'
import { weigh } from './weigh.ts'

/** What an operator decides about GraphQL. */
export type GraphqlSettings = Readonly<{
  /** Whether the schema may be asked for, and there is a page to try it on. */
  explorer: boolean
  /** If given, these documents are run and no others. */
  documents?: ListedDocuments | undefined
}>

const fields: Fields = {
  ...eventFields,
  ...bookingFields,
  ...ticketFields,
  ...paymentFields,
  ...checkInFields,
  ...accountFields,
  ...updateFields,
}

type Told = { header: (name: string, value: unknown) => unknown }

const json_type = 'application/json; charset=utf-8'
/** https://graphql.github.io/graphql-over-http/draft/#sec-application-graphql-response-json */
const response_type = 'application/graphql-response+json'

const Maybe = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) =>
  Type.Optional(Type.Union([type, Type.Null()]))
const Request = Type.Object({
  query: Maybe(Type.String()),
  operationName: Maybe(Type.String({ maxLength: limits.name_length_max })),
  variables: Maybe(Type.Object({})),
  extensions: Maybe(
    Type.Object({
      persistedQuery: Type.Optional(
        Type.Object({ version: Type.Literal(1), sha256Hash: Type.String({ pattern: '^[0-9a-f]{64}$' }) }),
      ),
    }),
  ),
})
const checkRequest = checkerOf(Request)

export const graphqlRoutes: FastifyPluginAsync<
  Omit<GraphDeps, 'codes' | 'counts' | 'live'> & {
    spend: Spend
    graphql: GraphqlSettings
    /** Left out: there are no subscriptions. */
    live: LiveDeps | undefined
  }
> = async (app, { spend, graphql, live, ...given }) => {
  const codes = openTicketCodes(given)
  const counts = openCheckInCounts(given)
  const deps: GraphDeps = { ...given, codes, counts, live: live?.live }
  const schema = makeSchema(fields)
  const documents = openDocuments(graphql.documents)
  let opened: Promise<Engine> | undefined
  // With the first request: a server that nobody asks in GraphQL need not wait for it when it starts.
  const engine = () => (opened ??= import('./engine.ts').then(({ openEngine }) => openEngine(schema, graphql.explorer)))
  app.addHook('onClose', async () => (await opened)?.close())
  app.setErrorHandler(answerError)

  app.post('/graphql', { bodyLimit: limits.body_bytes_max, schema: { hide: true } }, async (request, reply) => {
    if (typeof request.body !== 'object' || request.body === null) throw new DomainError('invalid_body')
    return run(request, reply, checkRequest(request.body), ['query', 'mutation'])
  })

  const getRoute = {
    method: 'GET',
    url: '/graphql',
    schema: { hide: true },
    async handler(request: FastifyRequest, reply: FastifyReply) {
      const { variables, extensions, ...query } = request.query as Record<string, string>
      const texts = { variables: readJson('variables', variables), extensions: readJson('extensions', extensions) }
      return run(request, reply, checkRequest({ ...query, ...texts }), ['query'])
    },
  } as const
  if (live) {
    const { openSockets } = await import('./sockets.graphql.ts')
    const isForeign = foreignTo(live)
    app.route({
      ...getRoute,
      async onRequest(request) {
        if (request.ws && isForeign(request)) throw new DomainError('origin_refused')
      },
      wsHandler: openSockets(schema, documents, live, (request, caller, whoNow) =>
        contextOf(request, caller, { header: () => {} }, whoNow),
      ),
    })
  } else app.route(getRoute)

  if (graphql.explorer) {
    const { explorerRoutes } = await import('./explorer.routes.ts')
    await app.register(explorerRoutes)
  }

  async function run(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: Static<typeof Request>,
    kinds: readonly string[],
  ): Promise<FastifyReply> {
    const variables = (asked.variables ?? {}) as Record<string, unknown>
    const name = asked.operationName ?? undefined
    const document = documents.read({
      query: asked.query ?? undefined,
      hash: asked.extensions?.persistedQuery?.sha256Hash,
    })
    const operation = operationOf(document, name)
    const kind: string = operation.operation
    if (!kinds.includes(kind)) {
      throw new DomainError(
        'operation_not_here',
        kind === 'mutation' ? 'send a mutation by POST' : 'subscribe by WebSocket (graphql-transport-ws)',
      )
    }
    weigh(schema, document.parsed, operation, variables)
    varyBy(reply, 'accept-language')
    const result = await (
      await engine()
    ).run(document.source, contextOf(request, request.caller, reply), variables, name)
    return answer(request, reply, showResult(result, request.log))
  }

  /** @param told where headers of the answer go */
  function contextOf(
    { headers, ip }: FastifyRequest,
    caller: Caller,
    told: Told,
    whoNow: WhoNow = () => caller,
  ): GraphContext {
    return {
      deps,
      caller,
      whoNow,
      is_token_refused: caller.role === 'visitor' && headers.authorization !== undefined,
      language: languageOf(headers['accept-language']),
      rows: openRows(deps),
      spend: (name) => spend({ ip, account: accountOf({ caller }) }, name, told),
      noteReplay: () => void told.header('idempotency-replayed', 'true'),
    }
  }
}

function readJson(name: string, text: string | undefined): unknown {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new DomainError('invalid_request', `${name} must be JSON`)
  }
}

/** In the type that was asked for, whatever else is answered. */
function answer({ headers }: FastifyRequest, reply: FastifyReply, body: object): FastifyReply {
  const isNew = headers.accept?.includes(response_type) ?? false
  return reply.type(isNew ? `${response_type}; charset=utf-8` : json_type).send(JSON.stringify(body))
}

/** Of a request that was not run: nothing was read or changed. */
function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // Mercurius keeps what GraphQL found wrong with a document in `errors`.
  const errors = (error as { errors?: unknown[] }).errors ?? [error]
  const shown = showErrors(errors, request.log)
  const refusal = asRefusal(error)
  if (refusal?.retry_after_s !== undefined) void reply.header('retry-after', refusal.retry_after_s)
  const status = shown[0]!.extensions!['status'] as number
  return answer(request, reply.code(status), { errors: shown })
}
