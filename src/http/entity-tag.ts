import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type, type TSchema } from 'typebox'
import { DomainError } from '../lib/errors.ts'
import { dateOf, type Timestamp } from '../lib/time.ts'

/** What an update or a deletion takes: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1 */
export const IfMatchHeader = Type.Object({
  'if-match': Type.Optional(
    Type.String({ maxLength: 1_000, description: 'The `ETag` of what you mean to change', examples: ['"7"'] }),
  ),
})

/**
 * Every answer to a GET has an ETag, and 304 if the client has it already. A route may have set one; else it is a
 * hash of the bytes.
 */
export function answerNotModified(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return payload
    if (!reply.hasHeader('etag')) {
      void reply.header('etag', hashTag(payload))
    }
    const wanted = request.headers['if-none-match']
    if (wanted === undefined || !isAmong(reply.getHeader('etag') as string, wanted)) return payload
    void reply.code(304).removeHeader('content-type').removeHeader('content-length')
    return ''
  })
}

const hashTag = (body: string) => `"${createHash('sha1').update(body).digest('base64url')}"`

/**
 * The tag of a row that counts its changes, with what else makes another answer of it: when it was last written, which a
 * booking does, too, the shape that it is shown in, and as asides what is not its own, such as the language. Digits alone: an
 * older server beside this one takes no other tag for a change.
 */
export function tagOf(
  { version, updated_at }: { version: number; updated_at: Timestamp },
  shape: number,
  ...asides: readonly number[]
): string {
  return `"${[version, dateOf(updated_at).getTime(), shape, ...asides].join('.')}"`
}

/** A number for how rows are shown: another one as soon as the schema of their answers is. */
export function shapeOf(schema: TSchema): number {
  return createHash('sha1').update(JSON.stringify(schema)).digest().readUInt32BE()
}

export function setTag(reply: FastifyReply, tag: string): void {
  void reply.header('etag', tag)
}

type VersionCheck = (row: { version: number }) => void

/**
 * Makes the check that a change is meant for the row as it is. What stands aside of the version is left out of
 * it: an organizer can change an event while its seats are sold.
 *
 * @throws DomainError `precondition_required` without If-Match; the check throws `precondition_failed`
 */
export function matchingVersion(request: FastifyRequest): VersionCheck {
  const check = matchingVersionIfAny(request)
  if (!check) throw new DomainError('precondition_required')
  return check
}

/** The same check for what may be done without: undefined where there is no If-Match. */
export function matchingVersionIfAny({ headers }: FastifyRequest): VersionCheck | undefined {
  const wanted = headers['if-match']
  if (wanted === undefined) return undefined
  const versions = new Set(wanted.split(',').map((tag) => /^"(\d+)(?:\.\d+)*"$/.exec(tag.trim())?.[1]))
  return ({ version }) => {
    if (wanted.trim() !== '*' && !versions.has(String(version))) throw new DomainError('precondition_failed')
  }
}

/**
 * The same for what counts no changes, and is tagged by a hash of its answer; undefined also where any answer will do. What it
 * makes takes the body that GET would answer with.
 */
export function matchingAnswerIfAny({ headers }: FastifyRequest): ((body: string) => void) | undefined {
  const wanted = headers['if-match']?.trim()
  if (wanted === undefined || wanted === '*') return undefined
  return (body) => {
    const tag = hashTag(body)
    if (!wanted.split(',').some((one) => one.trim() === tag)) throw new DomainError('precondition_failed')
  }
}

/** Weak comparison: https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3.2 */
export function isAmong(tag: string, list: string): boolean {
  return list.trim() === '*' || list.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
}
