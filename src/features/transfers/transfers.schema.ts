import { Type } from 'typebox'
import { Id, Moment, Strict } from '../../http/schemas.ts'
import { languages, type Language } from '../../lib/language.ts'
import { HolderName, LinkToken } from '../tickets/tickets.schema.ts'
import { Email } from '../users/users.schema.ts'
import type { TransferStatus } from './transfer.ts'

const statuses = ['offered', 'accepted', 'withdrawn', 'declined', 'expired'] as const
const Status = Type.Unsafe<TransferStatus>({ type: 'string', enum: statuses, examples: ['offered'] })
const LanguageField = Type.Unsafe<Language>({ type: 'string', enum: languages, examples: ['id'] })

export const OfferBody = Strict(
  {
    email: Email,
    language: Type.Optional({
      ...LanguageField,
      description: 'In which the mails to this address are written; left out, as Accept-Language says',
    }),
  },
  { examples: [{ email: 'budi@example.com', language: 'id' }] },
)

export const TransferView = Type.Object({
  id: Id,
  ticket_id: Id,
  event_id: Id,
  email: Type.Union([Type.String({ examples: ['budi@example.com'] }), Type.Null()], {
    description: 'To whom it is offered; null for a customer where a later holder offered it',
  }),
  language: LanguageField,
  status: Status,
  expires_at: Moment,
  created_at: Moment,
  updated_at: Moment,
})

export const AcceptedView = Type.Object({
  ...TransferView.properties,
  ticket_token: Type.String({
    description: 'Of the link to the ticket, for its new holder: who has it has the ticket',
  }),
})

export const OfferView = Type.Object({
  id: Id,
  status: Status,
  expires_at: Moment,
  from: Type.Union([Type.String({ examples: ['Ani'] }), Type.Null()], { description: 'Who offers it, by name' }),
  ticket_type: Type.String({ examples: ['VIP'] }),
  event: Type.Object({
    id: Id,
    title: Type.String({ examples: ['Konser'] }),
    location: Type.String({ examples: ['Jakarta'] }),
    date: Moment,
    time_zone: Type.String({ examples: ['Asia/Jakarta'] }),
  }),
})

export const TransferQuery = Type.Object({ token: LinkToken })
export const AcceptBody = Strict({ token: LinkToken, holder_name: HolderName })
export const RefuseBody = Strict({ token: LinkToken })
