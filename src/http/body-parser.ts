import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { DomainError } from '../lib/errors.ts'

/**
 * Reads JSON as Fastify does (a `__proto__` key is refused), but takes an empty body for none, so that
 * a client may send its content type with every request, and refuses bytes that are not UTF-8
 * where decoding would replace them silently. What is compressed is refused: small, it could be very large.
 */
export function parseJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  parseAsJson(app, 'application/json')
}

/** The same for another type that is written in JSON. */
export function parseAsJson(app: FastifyInstance, type: string): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null)
    const coding = request.headers['content-encoding']
    if (coding !== undefined && coding.toLowerCase() !== 'identity') {
      return done(new DomainError('unsupported_content_encoding'))
    }
    if (isInAnotherCharset(request.headers['content-type'])) {
      return done(new DomainError('unsupported_content_type', 'JSON is UTF-8: name no other charset'))
    }
    if (!isUtf8(body)) return done(new DomainError('invalid_body', 'the body is not UTF-8'))
    const text = body.toString('utf8')
    void parse(request, text, (error, value) =>
      error ? done(new DomainError('invalid_body', whyNot(text), { cause: error })) : done(null, value),
    )
  })
}

/** Fastify gives one error for both. */
function whyNot(text: string): string {
  try {
    JSON.parse(text)
  } catch {
    return 'the body is broken JSON'
  }
  return 'the body has a key that is forbidden: __proto__, or prototype in a constructor'
}

/** RFC 8259 knows no charset but UTF-8; one that is another would be read as what it is not. */
function isInAnotherCharset(type = ''): boolean {
  if (!type.includes(';')) return false
  const [, charset] = /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(type) ?? []
  return charset !== undefined && !/^(utf-?8|us-ascii)$/i.test(charset)
}
