import type { Socket } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerRole } from '../config.ts'
import { DomainError, messageOf, statusOf, type ErrorCode } from '../lib/errors.ts'
import { languageOf } from '../lib/language.ts'
import { count } from '../lib/metrics.ts'
import { discardBody } from './discard-body.ts'
import { failure, failureBody } from './envelope.ts'
import { shed_refusal } from './load-shedding.ts'
import { isMisdirected } from './misdirected.ts'
import { problem, problem_type, unexpectedProblem } from './problem.ts'
import { securityHeaders } from './security-headers.ts'
import { varyBy } from './vary.ts'

const retry_after_s = 1

/** Far more than any route needs. From 16 KB on, headers included, Node answers 431 before we see it. */
const url_length_max = 8_192

/** What Fastify's own refusals are called here. */
const frameworkErrors: Record<string, ErrorCode> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_content_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalid_body',
  FST_ERR_CTP_INVALID_JSON_BODY: 'invalid_body',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_body',
  FST_ERR_BAD_URL: 'route_not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'route_not_found',
}

/**
 * The only place where an error becomes an answer. An unknown error is a bug, and its text stays in the log.
 *
 * @param roles those of this server: what another one serves is refused in other words than what nobody does
 */
export function handleErrors(app: FastifyInstance, roles: ReadonlySet<ServerRole>): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = asRefusal(error)
    count('karcis_refusals_total', { code: refusal?.code ?? 'internal' })
    if (!refusal) {
      request.log.error({ err: error }, 'unhandled error')
      reply.code(500)
      return isVersion2(request) ? sendV2(reply, unexpectedProblem) : sendV1(reply, 'internal server error')
    }
    const status = statusOf(refusal.code)
    if (status === 503 && refusal !== shed_refusal) request.log.warn({ err: refusal }, refusal.message)
    const wait_s = refusal.retry_after_s ?? (status === 503 ? retry_after_s : undefined)
    if (wait_s !== undefined) void reply.header('retry-after', wait_s)
    // https://www.rfc-editor.org/rfc/rfc6750#section-3
    if (status === 401) void reply.header('www-authenticate', challenge(refusal.code))
    // https://www.rfc-editor.org/rfc/rfc9110#section-15.5.16
    if (refusal.code === 'unsupported_content_encoding') void reply.header('accept-encoding', 'identity')
    reply.code(status)
    const send = () => (isVersion2(request) ? refuseV2(request, reply, refusal) : sendV1(reply, messageV1(refusal)))
    return refusal.code === 'body_too_large' ? whenRead(request, send) : send()
  })

  // Node would refuse these by itself, without a word.
  app.server.on('checkExpectation', (request, response) => app.routing(request, response))
  // Before the body is read: who asks for nothing that exists gets no word on its body.
  app.addHook('onRequest', (request, reply, done) => {
    const { host, expect } = request.headers
    if (host === undefined && request.raw.httpVersion === '1.1') {
      void reply.header('connection', 'close')
      return done(new DomainError('host_missing'))
    }
    if (expect !== undefined && !/^100-continue$/i.test(expect)) return done(new DomainError('expectation_failed'))
    if (isTooLong(request)) return done(new DomainError('url_too_long'))
    // The router takes `/users/` for an id that is empty.
    const isUnknown = request.is404 || (request.params as { id?: string }).id === ''
    if (!isUnknown) return done()
    done(new DomainError(isMisdirected(request.url, roles) ? 'misdirected' : 'route_not_found'))
  })
  app.setNotFoundHandler(() => {
    throw new DomainError('route_not_found')
  })
}

/** A path that the router can't read has no route, and so no hook and no handler of its own. */
export function onBadUrl(_error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const code = isTooLong(request) ? 'url_too_long' : 'invalid_request'
  const isV2 = isVersion2(request)
  const type = isV2 ? problem_type : 'application/json; charset=utf-8'
  reply.raw.writeHead(statusOf(code), { ...securityHeaders, 'content-type': type, 'x-request-id': request.id })
  const language = languageOf(request.headers['accept-language'])
  reply.raw.end(isV2 ? JSON.stringify(problem(new DomainError(code), language)) : failureBody(code))
}

const isTooLong = (request: FastifyRequest) => request.url.length > url_length_max

/** Live updates are of version 2, and refused in its form. */
const isVersion2 = ({ url }: FastifyRequest) => /^\/(?:api\/v2|live)(?:[/?]|$)/.test(url)

/** What is wrong with a body is one thing in version 1, whose texts are fixed. */
const messageV1 = ({ code, message }: DomainError) => (code === 'invalid_body' ? messageOf(code) : message)

// By no schema: a route's for this status may be in the other version's form, or not there at all.
const asText = (body: unknown) => JSON.stringify(body)

const sendV1 = (reply: FastifyReply, message: string) =>
  reply.type('application/json; charset=utf-8').send(asText(failure(message)))

// Fastify would put a charset behind the type of a text, which this type has none of.
const sendV2 = (reply: FastifyReply, body: object) => reply.type(problem_type).serializer(asText).send(body)

function refuseV2({ headers }: FastifyRequest, reply: FastifyReply, refusal: DomainError): FastifyReply {
  const language = languageOf(headers['accept-language'])
  varyBy(reply, 'Accept-Language')
  return sendV2(reply.header('content-language', language), problem(refusal, language))
}

async function whenRead(request: FastifyRequest, send: () => FastifyReply): Promise<FastifyReply> {
  await discardBody(request.raw)
  return send()
}

function challenge(code: ErrorCode): string {
  return code === 'invalid_token' ? 'Bearer realm="karcis", error="invalid_token"' : 'Bearer realm="karcis"'
}

/** The refusal that an error is, where it is one; undefined for a bug. */
export function asRefusal(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error
  const { code, statusCode } = error as { code?: string; statusCode?: number }
  const known = code === undefined ? undefined : frameworkErrors[code]
  if (known) return new DomainError(known)
  // The rest of what the framework refuses while reading a request, such as a body cut off.
  return statusCode === 400 ? new DomainError('invalid_body') : undefined
}

/** What never became a request (bad HTTP, huge headers) gets the same envelope, and the connection ends. */
export function onClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const code: ErrorCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'request_timeout'
        : 'invalid_request'
  const body = failureBody(code)
  const reason = { 400: 'Bad Request', 408: 'Request Timeout', 431: 'Request Header Fields Too Large' }[
    statusOf(code) as 400 | 408 | 431
  ]
  socket.end(
    `HTTP/1.1 ${statusOf(code)} ${reason}\r\nconnection: close\r\ncache-control: no-store\r\n` +
      `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
