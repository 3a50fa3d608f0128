import type { FastifyRequest } from 'fastify'
import { GraphQLError, OperationTypeNode, validate, type ExecutionArgs, type GraphQLSchema } from 'graphql'
import { CloseCode, makeServer, type Context } from 'graphql-ws'
import type { WebSocket } from 'ws'
import { anyone, type Caller } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import { bearerIn, identify } from '../accounts/identify.ts'
import { buffered_bytes_max, type LiveDeps } from '../live/live-deps.ts'
import type { WhoNow } from '../live/live.ts'
import type { GraphContext } from './context.ts'
import { operationOf, type Documents } from './documents.ts'
import { showErrors, showResult } from './errors.graphql.ts'
import { limits } from './limits.ts'
import { weigh } from './weigh.ts'

const messages_window_ms = 10_000
const init_ms_max = 5_000
const ping_ms = 30_000
/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1, and by IANA's registry: try again later. */
const standardCodes = { policy: 1008, later: 1013 } as const

/** One connection: who is behind it, and by which token. */
type Connection = {
  request: FastifyRequest
  caller: Caller
  token: string | undefined
  signOut: () => void
}
type Params = { authorization?: unknown }

/**
 * Subscriptions by WebSocket, in `graphql-transport-ws` (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md). Who
 * connects may say who they are in `connection_init`: `{"authorization": "Bearer …"}`.
 *
 * By graphql-ws, which keeps the protocol's rules on its own; Mercurius's own sockets validate no document, and let clients
 * begin anew on a connection as often as they like.
 */
export function openSockets(
  schema: GraphQLSchema,
  documents: Documents,
  { accounts, clients, open }: LiveDeps,
  contextOf: (request: FastifyRequest, caller: Caller, whoNow: WhoNow) => GraphContext,
) {
  const server = makeServer<Params, Connection>({
    connectionInitWaitTimeout: init_ms_max,
    async onConnect({ connectionParams, extra }) {
      const given = connectionParams?.authorization
      if (given === undefined || open) return true
      const token = typeof given === 'string' ? bearerIn(given) : undefined
      const identity = token === undefined ? undefined : await identify(accounts, token)
      if (!identity) return false
      extra.signOut()
      extra.signOut = identity.user_id === undefined ? () => {} : clients.signIn(identity.user_id)
      extra.caller = { ...extra.caller, ...identity }
      extra.token = token
      return true
    },
    async onSubscribe(context, _id, { query, variables, operationName }) {
      try {
        return await prepare(context, query, variables ?? {}, operationName ?? undefined)
      } catch (error) {
        return [error instanceof GraphQLError ? error : new GraphQLError('refused', { originalError: error as Error })]
      }
    },
    onError: ({ extra }, _id, _payload, errors) => showErrors(errors, extra.request.log),
    onNext: ({ extra }, _id, _payload, _args, result) => showResult(result, extra.request.log),
  })

  async function prepare(
    { subscriptions, extra }: Context<Params, Connection>,
    query: string,
    variables: Record<string, unknown>,
    operationName: string | undefined,
  ): Promise<ExecutionArgs | readonly GraphQLError[]> {
    if (Object.keys(subscriptions).length > limits.subscriptions_max) throw new DomainError('too_many_channels')
    const context = contextOf(extra.request, extra.caller, () => whoIs(extra))
    await context.spend('read')
    const document = documents.read({ query })
    const operation = operationOf(document, operationName)
    if (operation.operation !== OperationTypeNode.SUBSCRIPTION) {
      throw new DomainError('operation_not_here', 'send queries and mutations by POST')
    }
    weigh(schema, document.parsed, operation, variables)
    const errors = validate(schema, document.parsed)
    if (errors.length > 0) return errors
    return { schema, document: document.parsed, operationName, variableValues: variables, contextValue: context }
  }

  function whoIs({ caller, token }: Connection): ReturnType<WhoNow> {
    if (open) return anyone
    return token === undefined ? caller : identify(accounts, token)
  }

  function enter(socket: WebSocket, request: FastifyRequest): void {
    const leave = clients.enter(request.ip)
    const { caller, headers } = request
    const token = headers.authorization === undefined ? undefined : bearerIn(headers.authorization)
    const extra: Connection = { request, caller, token, signOut: () => {} }
    const closed = server.opened(
      {
        protocol: socket.protocol,
        send: (text) => send(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) => socket.on('message', bounded(socket, take, request)),
      },
      extra,
    )
    const stopPinging = keepAlive(socket)
    socket.once('close', (code, reason) => {
      leave()
      extra.signOut()
      stopPinging()
      closed(code, String(reason)).catch((error: unknown) =>
        request.log.error({ err: error }, 'a subscription did not end'),
      )
    })
  }

  return (socket: WebSocket, request: FastifyRequest): void => {
    try {
      enter(socket, request)
    } catch (error) {
      socket.close(standardCodes.later, (error as DomainError).code)
    }
  }
}

/** Who does not read is cut off, and never waited for. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve()
    if (socket.bufferedAmount > buffered_bytes_max) socket.terminate()
    // One that is closed meanwhile is told by its close.
    socket.send(text, () => resolve())
  })
}

function bounded(socket: WebSocket, take: (text: string) => Promise<void>, { log }: FastifyRequest) {
  let [messages, since_ms] = [0, performance.now()]
  // As `ws` gives it unless told otherwise.
  return (data: unknown) => {
    const now_ms = performance.now()
    if (now_ms - since_ms > messages_window_ms) [messages, since_ms] = [0, now_ms]
    messages++
    if (messages > limits.messages_max) return socket.close(standardCodes.policy, 'Too many messages')
    take((data as Buffer).toString()).catch((error: unknown) => {
      // Refused with reason, such as an account's too many connections, or a bug.
      if (error instanceof DomainError) return socket.close(standardCodes.later, error.code)
      log.error({ err: error }, 'unhandled error')
      socket.close(CloseCode.InternalServerError, 'Internal server error')
    })
  }
}

function keepAlive(socket: WebSocket): () => void {
  let isAlive = true
  socket.on('pong', () => (isAlive = true))
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, ping_ms).unref()
  return () => clearInterval(timer)
}
