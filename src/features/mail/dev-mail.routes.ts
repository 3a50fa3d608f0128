import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { Type } from 'typebox'
import { answerPage } from '../../http/html-pages.ts'
import { DomainError } from '../../lib/errors.ts'
import { asLanguage, languageOf } from '../../lib/language.ts'
import { listPolicy, mailPolicy, mailsPage, mailsPath } from './dev-mail-page.ts'
import { attachmentFile, type KeptMail } from './folder-mailer.ts'

const shown_max = 100
/** As send-mail.ts names them, so that no name leads out of the folder. */
const Id = Type.Object({ id: Type.String({ pattern: '^mail-[0-9]{1,15}$' }) })
const Query = Type.Object({ lang: Type.Optional(Type.String({ maxLength: 10 })) })

/** The mails that the folder mailer has written, to be read in a browser. Outside production alone: they hold secrets. */
export const devMailPages: FastifyPluginAsyncTypebox<{ folder: string }> = async (app, { folder }) => {
  app.get(mailsPath, { schema: { hide: true, querystring: Query } }, async (request, reply) => {
    const language = asLanguage(request.query.lang) ?? languageOf(request.headers['accept-language'])
    return answerPage(reply, listPolicy, mailsPage(await latest(folder), language))
  })

  app.get(`${mailsPath}/:id`, { schema: { hide: true, params: Id } }, async (request, reply) =>
    answerPage(reply, mailPolicy, (await keptMail(folder, request.params.id)).html),
  )

  app.get(`${mailsPath}/:id/text`, { schema: { hide: true, params: Id } }, async (request, reply) =>
    reply.type('text/plain; charset=utf-8').send((await keptMail(folder, request.params.id)).text),
  )

  app.get(`${mailsPath}/:id/eml`, { schema: { hide: true, params: Id } }, async (request, reply) => {
    await keptMail(folder, request.params.id)
    return sendFile(reply, folder, `${request.params.id}.eml`, 'message/rfc822')
  })

  const Attachment = Type.Object({ ...Id.properties, filename: Type.String({ maxLength: 100 }) })
  app.get(
    `${mailsPath}/:id/attachments/:filename`,
    { schema: { hide: true, params: Attachment } },
    async (request, reply) => {
      const { id, filename } = request.params
      const { attachments } = await keptMail(folder, id)
      // One of its own, and nothing else that lies there.
      const found = attachments.find((one) => one.filename === filename)
      if (!found) throw new DomainError('route_not_found')
      return sendFile(reply, folder, attachmentFile(id, filename), found.contentType)
    },
  )
}

async function latest(folder: string): Promise<KeptMail[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
  const times = await Promise.all(
    names.map(async (name) => ({ name, ms: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  )
  const newest = times.toSorted((a, b) => b.ms - a.ms).slice(0, shown_max)
  return Promise.all(newest.map(({ name }) => keptMail(folder, name.slice(0, -'.json'.length))))
}

/** @throws DomainError `route_not_found` */
async function keptMail(folder: string, id: string): Promise<KeptMail> {
  const text = await readFile(join(folder, `${id}.json`), 'utf8').catch(() => undefined)
  if (text === undefined) throw new DomainError('route_not_found')
  return JSON.parse(text) as KeptMail
}

function sendFile(reply: FastifyReply, folder: string, name: string, type: string): FastifyReply {
  void reply.header('content-disposition', `inline; filename="${name}"`)
  return reply.type(type).send(createReadStream(join(folder, name)))
}
