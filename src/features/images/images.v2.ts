import multipart from '@fastify/multipart'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifySchema, FastifySchemaCompiler } from 'fastify'
import { Type } from 'typebox'
import type { SharedRead } from '../../db/shared-read.ts'
import { reading } from '../../db/transaction.ts'
import type { Deps } from '../../deps.ts'
import { problemAnswers } from '../../http/problem.ts'
import { eventTag, hashed, sendPublic, type PublicAnswers } from '../../http/public-answers.ts'
import { IdParams, NoContent } from '../../http/schemas.ts'
import { serialise } from '../../http/serialise.ts'
import { validatorCompilerV2 } from '../../http/validation.ts'
import { isOrganizerOf } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Event } from '../events/event.ts'
import { readEvent } from '../events/read-event.ts'
import { addImage } from './add-image.ts'
import { changeImage, removeImage } from './change-image.ts'
import { inOrder } from './image.ts'
import { ImageParams, ImageView, PatchImageBody, UploadFields, UploadForm } from './images.schema.ts'
import { listImages } from './images.sql.ts'
import { encodePicture } from './picture.ts'
import { content_type_message, readUpload } from './read-upload.ts'
import { showImage } from './show-image.ts'
import { workLine } from './work-line.ts'

const tags = ['images']

/** Each has up to 10 MB in memory, while it comes and while it waits. */
const uploads_max = 16
/** A picture of 50 megapixels takes some 150 MB while it is decoded. */
const decoded_at_once_max = 2

export const imageRoutesV2: FastifyPluginAsyncTypebox<
  Deps & { events: SharedRead<Event>; answers: PublicAnswers }
> = async (app, deps) => {
  await app.register(uploadRoute as FastifyPluginAsyncTypebox<typeof deps>, deps)

  app.get(
    '/events/:id/images',
    {
      schema: {
        tags,
        summary: 'The pictures of an event',
        description: 'At most 10, in the order in which to show them.',
        params: IdParams('event'),
        response: {
          200: Type.Object({ items: Type.Array(ImageView) }),
          ...problemAnswers('invalid_request', 'event_not_found'),
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      // Servers that are reached under different names show different URLs.
      const answer = await deps.answers.get(eventTag(id), `images of ${id} ${deps.publicUrl()}`, async () => {
        const event = await readEvent(deps.events, id)
        const images = inOrder(await reading(deps.database, (db) => listImages(db, event.id)))
        return hashed(serialise(reply, { items: images.map((image) => showImage(deps, image, images)) }))
      })
      return sendPublic(request, reply, answer)
    },
  )

  app.patch(
    '/events/:id/images/:image_id',
    {
      schema: {
        tags,
        summary: 'Change the words on a picture, or its place',
        consumes: ['application/merge-patch+json', 'application/json'],
        params: ImageParams,
        body: PatchImageBody,
        response: {
          200: ImageView,
          ...problemAnswers('invalid_body', 'invalid_request', 'event_not_found', 'not_own_event', 'image_not_found'),
        },
      },
    },
    async ({ caller, params: { id, image_id }, body }) => {
      const images = await changeImage(deps, caller, id, image_id, body)
      return showImage(
        deps,
        images.find((image) => image.id === image_id)!,
        images,
      )
    },
  )

  app.delete(
    '/events/:id/images/:image_id',
    {
      schema: {
        tags,
        summary: 'Remove a picture',
        params: ImageParams,
        response: {
          204: NoContent,
          ...problemAnswers('invalid_request', 'event_not_found', 'not_own_event', 'image_not_found'),
        },
      },
    },
    async ({ caller, params: { id, image_id } }, reply) => {
      await removeImage(deps, caller, id, image_id)
      return reply.code(204).send(null)
    },
  )
}

/** In a scope of its own: nowhere else is a form read, and nothing else is read here. */
const uploadRoute: FastifyPluginAsyncTypebox<Deps & { events: SharedRead<Event> }> = async (app, deps) => {
  const uploads = workLine({ running_max: uploads_max, waiting_max: 0 })
  const decoding = workLine({ running_max: decoded_at_once_max, waiting_max: uploads_max })

  app.removeAllContentTypeParsers()
  await app.register(multipart)
  app.addContentTypeParser('*', (_request, _body, done) =>
    done(new DomainError('unsupported_content_type', content_type_message)),
  )

  app.post(
    '/events/:id/images',
    {
      schema: {
        tags,
        summary: 'Add a picture to an event',
        description:
          'Kept as JPEG in three sizes, upright and without what the camera wrote into it, such as the place. A picture ' +
          'that the event has already is answered with 200, and not kept twice.',
        consumes: ['multipart/form-data'],
        params: IdParams('event'),
        body: UploadForm,
        response: {
          200: ImageView,
          201: ImageView,
          ...problemAnswers(
            'invalid_request',
            'invalid_upload',
            'image_missing',
            'image_too_small',
            'image_too_large',
            'image_broken',
            'unsupported_image',
            'unsupported_content_type',
            'too_many_images',
            'event_not_found',
            'not_own_event',
            'files_unavailable',
          ),
        },
      },
      validatorCompiler: allButBody,
    },
    async (request, reply) => {
      const { caller, params } = request
      // Before a byte of the picture is read; asked again when it is kept.
      const event = await readEvent(deps.events, params.id)
      if (!isOrganizerOf(caller, event.organizer_id)) throw new DomainError('not_own_event')
      const { image, images, isNew } = await uploads(async () => {
        const { bytes, fields } = await readUpload(request)
        const { alt = '' } = checkedFields(fields)
        const renditions = await decoding(() => encodePicture(bytes))
        return addImage(deps, caller, event.id, renditions, alt)
      })
      if (isNew) void reply.code(201)
      return showImage(deps, image, images)
    },
  )
}

/** The form is no body as schemas know it: its fields are checked when it has been read. */
const allButBody: FastifySchemaCompiler<FastifySchema> = (route) =>
  route.httpPart === 'body' ? () => true : validatorCompilerV2(route)

const validateFields = validatorCompilerV2({
  schema: UploadFields as FastifySchema,
  method: 'POST',
  url: '',
  httpPart: 'body',
})

/** @throws DomainError `invalid_request` */
function checkedFields(fields: Record<string, unknown>): { alt?: string } {
  const result = validateFields(fields) as true | { error: Error }
  if (result !== true) throw result.error
  return fields
}
