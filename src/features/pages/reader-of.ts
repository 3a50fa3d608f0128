import type { FastifyRequest } from 'fastify'
import { asLanguage, languageOf, type Language } from '../../lib/language.ts'
import type { Page } from '../signatures/page-links.ts'
import type { Reader } from './page-parts.ts'

/**
 * Who reads a page: in the language that was chosen, or else in which they are written to, or else in which their browser
 * is set.
 */
export function readerOf(request: FastifyRequest, page: Page, known?: Language): Reader {
  const chosen = asLanguage(fieldOf(request, 'lang'))
  const token = fieldOf(request, 'token')
  return {
    page,
    token: typeof token === 'string' ? token : '',
    language: chosen ?? known ?? languageOf(request.headers['accept-language']),
  }
}

/** As it was sent, before or after it was looked at. */
function fieldOf({ body, query }: FastifyRequest, name: 'lang' | 'token'): unknown {
  return (body as Record<string, unknown> | undefined | null)?.[name] ?? (query as Record<string, unknown>)[name]
}
