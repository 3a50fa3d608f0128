import { Type } from 'typebox'
import { Strict } from '../../http/schemas.ts'
import { messageOf } from '../../lib/errors.ts'
import { email_length_max, password_bytes_max, password_length_min } from '../../lib/limits.ts'
import { UserView, UserViewV2 } from '../users/users.schema.ts'

const token_length_max = 200
/** What is asked for is compared, not kept: nothing that could be typed is refused before it is looked at. */
const Secret = (name: string) =>
  Type.String({ minLength: 1, maxLength: 1_000, 'x-messages': { required: `${name} is required` } })
const NewPassword = Type.String({
  minLength: password_length_min,
  maxLength: password_bytes_max,
  format: 'text',
  description: 'At most 72 bytes of UTF-8',
  'x-messages': {
    minLength: 'password must be at least 8 characters long',
    maxLength: messageOf('password_too_long'),
  },
})

export const LoginBody = Type.Object({
  email: Type.String({ minLength: 1, maxLength: email_length_max, examples: ['john@example.com'] }),
  password: Secret('password'),
  cookie: Type.Optional(
    Type.Boolean({
      description:
        'For browsers: the refresh token comes as an HttpOnly cookie, and not in the body. Requests by cookie need ' +
        'the header `X-CSRF-Protection: 1`.',
    }),
  ),
})

/** Left out where the cookie carries it. */
export const RefreshBody = Type.Object({
  refresh_token: Type.Optional(Type.String({ minLength: 1, maxLength: token_length_max })),
})

export const PasswordBody = Type.Object({ current_password: Secret('current_password'), new_password: NewPassword })
export const ForgotBody = Type.Object({ email: Type.String({ minLength: 1, maxLength: email_length_max }) })
export const ResetBody = Type.Object({
  token: Type.String({ minLength: 1, maxLength: token_length_max }),
  new_password: NewPassword,
})

export const ConfirmBody = Strict({
  token: Type.String({ minLength: 1, maxLength: 1_000, description: 'Of the link that was mailed to the address' }),
})

export const TokensView = Type.Object({
  access_token: Type.String({ description: 'JWT, for the header `Authorization: Bearer`' }),
  refresh_token: Type.Optional(
    Type.String({ description: 'Opaque; good for one exchange. Left out where it comes as a cookie.' }),
  ),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds that the access token lives', examples: [900] }),
})
export const SignedInView = Type.Object({ ...TokensView.properties, user: UserView })
export const SignedInViewV2 = Type.Object({ ...TokensView.properties, user: UserViewV2 })
