import { Type } from 'typebox'
import { Id, Moment, Strict, TextField } from '../../http/schemas.ts'
import { languages, type Language } from '../../lib/language.ts'
import { messageOf } from '../../lib/errors.ts'
import { email_length_max, name_length_max, password_bytes_max, password_length_min } from '../../lib/limits.ts'

const missing = { required: 'all fields are required', minLength: 'all fields are required' }
const badEmail = 'invalid email format'
const shortPassword = 'password must be at least 8 characters long'
const badRole = "role must be either 'customer' or 'organizer'"

export const Name = TextField(
  name_length_max,
  { ...missing, pattern: 'all fields are required' },
  { examples: ['John Doe'] },
)
export const Email = Type.String({
  minLength: 1,
  maxLength: email_length_max,
  format: 'email',
  examples: ['john@example.com'],
  'x-messages': { ...missing, format: badEmail },
})
const Password = Type.String({
  minLength: password_length_min,
  maxLength: password_bytes_max,
  format: 'text',
  description: 'At most 72 bytes of UTF-8',
  examples: ['password123'],
  'x-messages': { required: missing.required, minLength: shortPassword, maxLength: messageOf('password_too_long') },
})
const roles = ['customer', 'organizer'] as const
const Role = Type.Unsafe<(typeof roles)[number]>({ type: 'string', enum: roles, examples: ['customer'] })
const allRoles = [...roles, 'staff', 'admin'] as const
/** What an account may be; nobody registers as staff or admin. */
export const AnyRole = Type.Unsafe<(typeof allRoles)[number]>({
  type: 'string',
  enum: allRoles,
  examples: ['customer'],
})

const LanguageName = Type.Unsafe<Language>({
  type: 'string',
  enum: [...languages],
  description: 'In which mails are written; at first what `Accept-Language` said at registration',
  examples: ['id'],
})

export const RegisterBody = Type.Object({
  name: Name,
  email: Email,
  password: Password,
  role: Type.Unsafe<(typeof roles)[number]>({
    ...Role,
    'x-messages': { required: missing.required, enum: badRole, type: badRole },
  }),
})

/** What is left out keeps its value. */
export const UpdateUserBody = Type.Object({
  name: Type.Optional(Name),
  email: Type.Optional(Email),
  password: Type.Optional(Password),
})

/** The same in version 2, as a merge patch; a password is changed by /auth/password, which asks for the old one. */
export const PatchUserBody = Strict({
  name: Type.Optional(Name),
  email: Type.Optional(Email),
  language: Type.Optional(LanguageName),
  role: Type.Optional(
    Type.Unsafe<'customer' | 'organizer' | 'staff'>({
      type: 'string',
      enum: [...roles, 'staff'],
      description: 'For admins alone',
    }),
  ),
})

export const UserView = Type.Object({
  id: Id,
  name: Type.String({ examples: ['John Doe'] }),
  email: Type.String({ examples: ['john@example.com'] }),
  role: AnyRole,
  created_at: Moment,
  updated_at: Moment,
})

export const UserViewV2 = Type.Object({
  ...UserView.properties,
  language: LanguageName,
  email_confirmed: Type.Boolean({
    description: 'Whether its owner has followed the link that was mailed there. Nothing is refused for lack of it.',
  }),
})
