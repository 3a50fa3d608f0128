import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { statusOf, type DomainError } from '../lib/errors.ts'
import { asRefusal } from './error-handler.ts'

/** In this scope alone: reads what a browser's form sends, and nothing else. Of a field that is there twice, the last. */
export function readForms(app: FastifyInstance, bytes_max: number): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: bytes_max },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(body))),
  )
}

/**
 * In this scope alone: answers errors by pages.
 *
 * @param show answers with a page; the refusal is undefined for a bug, whose text stays in the log
 */
export function showErrors(
  app: FastifyInstance,
  show: (request: FastifyRequest, reply: FastifyReply, status: number, refusal?: DomainError) => FastifyReply,
): void {
  app.setErrorHandler((error, request, reply) => {
    const refusal = asRefusal(error)
    const status = refusal ? statusOf(refusal.code) : 500
    if (!refusal) request.log.error({ err: error }, 'unhandled error')
    if (status === 503) request.log.warn({ err: error }, refusal?.message)
    return show(request, reply.code(status), status, refusal)
  })
}

/** Answers with a page under its policy; it is for who has its link, and not to be found. */
export function answerPage(reply: FastifyReply, policy: string, page: string): FastifyReply {
  const headers = { 'content-security-policy': policy, 'x-robots-tag': 'noindex' }
  return reply.type('text/html; charset=utf-8').headers(headers).send(page)
}
