import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Deps } from '../../deps.ts'
import { DomainError } from '../../lib/errors.ts'
import { isFileName } from './image.ts'
import { imagePath } from './show-image.ts'

/** Mails and shops of others show them; nothing in them is ever run. */
const headers = {
  'cache-control': 'public, max-age=31536000, immutable',
  'content-disposition': 'inline',
  'content-security-policy': "default-src 'none'",
  'cross-origin-resource-policy': 'cross-origin',
}
const missing_max_age_s = 10

/** The files of pictures: JPEG that we have written ourselves, under names that say what is in them. */
export const imageFileRoutes: FastifyPluginAsyncTypebox<Deps> = async (app, { files }) => {
  app.get(
    imagePath(':name'),
    { schema: { hide: true, params: Type.Object({ name: Type.String() }) } },
    async (request, reply) => {
      const { name } = request.params
      const etag = `"${name}"`
      void reply.header('cache-control', `public, max-age=${missing_max_age_s}`)
      if (!isFileName(name)) throw new DomainError('image_not_found')
      // Without looking: whoever has what is under this name has it for good.
      if (request.headers['if-none-match']?.includes(etag))
        return reply.code(304).headers(headers).header('etag', etag).send()
      const file = await files.open(name)
      if (!file) throw new DomainError('image_not_found')
      void reply.headers(headers).header('etag', etag).header('content-length', file.bytes).type('image/jpeg')
      return reply.send(file.stream)
    },
  )
}
