import { Type } from 'typebox'
import { Id, IntegerField, Strict } from '../../http/schemas.ts'
import { integer_max } from '../../lib/limits.ts'

const alt_length_max = 200

const Alt = Type.String({
  maxLength: alt_length_max,
  format: 'text',
  description: 'What is to be seen, for who can’t see it',
  examples: ['The band on the stage, from behind the crowd'],
})

/** The fields of the form beside its file, which is not checked by a schema. */
export const UploadFields = Strict({ alt: Type.Optional(Alt) })

/** As the document shows it. */
export const UploadForm = Type.Object({
  image: Type.String({ format: 'binary', description: 'A JPEG, PNG, WebP or AVIF picture of up to 10 MB' }),
  alt: Type.Optional(Alt),
})

export const PatchImageBody = Strict(
  {
    alt: Type.Optional(Alt),
    position: Type.Optional(IntegerField(1, 1_000, {}, 'Its new place, from 1; the others make way')),
  },
  { examples: [{ alt: 'The stage at night', position: 1 }] },
)

const id = (name: string) => {
  const message = `invalid ${name} id`
  const messages = { type: message, minimum: message, maximum: message }
  return Type.Integer({ minimum: 1, maximum: integer_max, 'x-messages': messages })
}
export const ImageParams = Type.Object({ id: id('event'), image_id: id('image') })

const File = Type.Object({
  url: Type.String({
    description: 'What is there never changes, so it may be kept for ever',
    examples: ['https://tickets.example/images/3f8a1c0e9b2d4f6a8c1e3b5d7f90a2c4-0123456789abcdef.jpg'],
  }),
  width: Type.Integer({ description: 'In pixels', examples: [800] }),
  height: Type.Integer({ description: 'In pixels', examples: [533] }),
  bytes: Type.Integer({ examples: [61_000] }),
})

export const ImageView = Type.Object({
  id: Id,
  position: Type.Integer({ description: 'From 1; the first one is on tickets and in mails', examples: [1] }),
  alt: Type.String({ examples: ['The band on the stage, from behind the crowd'] }),
  files: Type.Object(
    { small: File, medium: File, large: File },
    { description: 'JPEG, at most 400, 800 and 1,600 pixels wide; never larger than what was uploaded' },
  ),
})
