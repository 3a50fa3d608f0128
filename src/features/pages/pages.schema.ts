import { Type, type TProperties } from 'typebox'
import type { ProviderName } from '../../db/schema.ts'
import { Strict } from '../../http/schemas.ts'
import { languages, type Language } from '../../lib/language.ts'
import { providerNames } from '../payments/payments.schema.ts'
import { HolderName } from '../tickets/tickets.schema.ts'

const token_length_max = 1_000

const Lang = Type.Optional(Type.Unsafe<Language>({ type: 'string', enum: [...languages] }))

/** Mail programs add to links what they like, so nothing else is looked at. */
export const LinkQuery = Type.Object({
  token: Type.String({ maxLength: token_length_max, default: '' }),
  lang: Lang,
  page: Type.Integer({ minimum: 1, maximum: 1_000, default: 1 }),
})

const Form = <Fields extends TProperties>(fields: Fields) =>
  Strict({ token: Type.String({ maxLength: token_length_max }), lang: Lang, ...fields })

export const LinkForm = Form({})
export const NameForm = Form({ holder_name: HolderName })

export const PaymentForm = Form({ provider: Type.Unsafe<ProviderName>({ type: 'string', enum: providerNames }) })

/** What is too short or too long is told beside the field, not refused here. */
export const PasswordForm = Form({
  new_password: Type.String({ format: 'text' }),
  repeated: Type.String({ format: 'text' }),
})
