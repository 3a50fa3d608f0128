import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Database } from '../../db/database.ts'
import { reading } from '../../db/transaction.ts'
import { answerPage, readForms, showErrors } from '../../http/html-pages.ts'
import { Strict } from '../../http/schemas.ts'
import { DomainError } from '../../lib/errors.ts'
import { actInSandbox, sandboxActions, type SandboxAction } from './act-in-sandbox.ts'
import { paymentPage, refusalPage } from './sandbox-page.ts'
import { sandboxPolicy } from './sandbox-style.ts'
import { asLanguage, languageOf, type Language } from '../../lib/language.ts'
import { wordsOf, type Words } from './sandbox-words.ts'
import { findSandboxPayment, findSandboxRefunded } from './sandbox.sql.ts'

/** A form has two short fields. */
const form_bytes_max = 1_024

const Key = Type.Object({ key: Type.String() })
const Choice = Strict({
  action: Type.Unsafe<SandboxAction>({ type: 'string', enum: [...sandboxActions] }),
  lang: Type.Optional(Type.Unsafe<Language>({ type: 'string', enum: ['en', 'id'] })),
})

/** Where the page of a payment is on this server. */
export const sandboxPath = (attemptKey: string) => `/sandbox/payments/${encodeURIComponent(attemptKey)}`

/**
 * The page on which a payment of the sandbox is paid, declined or closed, for whoever knows its key. It has no script
 * and needs none.
 *
 * `onChange` is told the key of a payment that the page has changed, as a webhook would tell it. If it fails, that
 * is logged and the page goes on: a webhook may be lost, too.
 */
export const sandboxPages: FastifyPluginAsyncTypebox<{
  database: Database
  now: () => Date
  onChange: (attemptKey: string) => Promise<void>
}> = async (app, { database, now, onChange }) => {
  readForms(app, form_bytes_max)
  showErrors(app, (request, reply, status) => {
    const language = languageFor(request)
    return answer(reply, refusalPage(language, wordsOfRefusal(wordsOf[language], status)))
  })

  app.get('/sandbox/payments/:key', { schema: { hide: true, params: Key } }, async (request, reply) => {
    const { key } = request.params
    const language = languageFor(request)
    const found = await reading(database, async (db) => {
      const payment = await findSandboxPayment(db, key)
      return payment && { payment, paid_back: await findSandboxRefunded(db, key) }
    })
    if (!found) throw new DomainError('route_not_found')
    return answer(reply, paymentPage({ ...found, now: now(), language }))
  })

  app.post('/sandbox/payments/:key', { schema: { hide: true, params: Key, body: Choice } }, async (request, reply) => {
    const { key } = request.params
    if (!(await reading(database, (db) => findSandboxPayment(db, key)))) throw new DomainError('route_not_found')
    if (await actInSandbox({ database, now }, key, request.body.action)) {
      await onChange(key).catch((error: unknown) => request.log.error({ err: error }, 'the sandbox could not tell'))
    }
    // What became of it the page says; a reload of that page sends nothing again.
    return reply.redirect(`?lang=${languageFor(request)}`, 303)
  })
}

/** What was asked for by name, or else what the browser prefers. */
function languageFor({ query, body, headers }: FastifyRequest): Language {
  const named = (body as { lang?: unknown } | undefined | null)?.lang ?? (query as { lang?: unknown }).lang
  return asLanguage(named) ?? languageOf(headers['accept-language'])
}

function wordsOfRefusal(words: Words, status: number): readonly [title: string, text: string] {
  if (status === 404) return words.unknown
  if (status === 429) return words.too_many
  if (status === 503) return words.unavailable
  return status < 500 ? words.not_understood : words.broken
}

const answer = (reply: FastifyReply, page: string) => answerPage(reply, sandboxPolicy, page)
