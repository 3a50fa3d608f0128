import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { answerPage } from '../../http/html-pages.ts'
import { DomainError } from '../../lib/errors.ts'
import { password_bytes_max, password_length_min } from '../../lib/limits.ts'
import { toTimestamp } from '../../lib/time.ts'
import type { Accounts } from '../accounts/accounts.ts'
import { findReset } from '../accounts/accounts.sql.ts'
import { resetPassword } from '../accounts/reset-password.ts'
import { hashOf } from '../accounts/tokens.ts'
import { pagePath } from '../signatures/page-links.ts'
import { findUser } from '../users/users.sql.ts'
import { accountWords, type AccountWords } from './account-words.ts'
import { noticePage, policy } from './page-parts.ts'
import { LinkQuery, PasswordForm } from './pages.schema.ts'
import { passwordPage } from './password-page.ts'
import { readerOf } from './reader-of.ts'

const PasswordQuery = Type.Object({ ...LinkQuery.properties, done: Type.Optional(Type.Literal('1')) })

/** The page on which a new password is chosen, by the secret of a mail. */
export const passwordPages: FastifyPluginAsyncTypebox<Deps & { accounts: Accounts }> = async (app, deps) => {
  async function open(token: string) {
    const at = toTimestamp(deps.now())
    const user = await reading(deps.database, async (db) => {
      const reset = await findReset(db, hashOf(token), at)
      return reset && findUser(db, reset.user_id)
    })
    if (!user) throw new DomainError('invalid_reset_token')
    return user
  }

  app.get(pagePath('password'), { schema: { hide: true, querystring: PasswordQuery } }, async (request, reply) => {
    if (request.query.done) {
      const reader = readerOf(request, 'password')
      return answerPage(reply, policy, noticePage(reader, 'good', accountWords[reader.language].password_changed))
    }
    const { email, language } = await open(request.query.token)
    return answerPage(reply, policy, passwordPage(readerOf(request, 'password', language), email))
  })

  app.post(pagePath('password'), { schema: { hide: true, body: PasswordForm } }, async (request, reply) => {
    const { token, new_password, repeated } = request.body
    const { email, language } = await open(token)
    const reader = readerOf(request, 'password', language)
    const problem = problemWith(accountWords[reader.language], new_password, repeated)
    if (problem !== undefined) return answerPage(reply.code(400), policy, passwordPage(reader, email, problem))
    await resetPassword(deps, deps.accounts, request.caller, { token, new_password })
    return reply.redirect(`${pagePath('password')}?done=1&lang=${reader.language}`, 303)
  })
}

/** By characters as the API counts them, and by bytes as bcrypt does. */
function problemWith(words: AccountWords, password: string, repeated: string): string | undefined {
  if (Array.from(password).length < password_length_min) return words.too_short(password_length_min)
  if (Buffer.byteLength(password) > password_bytes_max) return words.too_long
  return password === repeated ? undefined : words.not_the_same
}
