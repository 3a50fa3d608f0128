import { Type } from 'typebox'
import { Id, Moment } from '../../http/schemas.ts'

export const TicketView = Type.Object({
  id: Id,
  booking_id: Id,
  holder_name: Type.String({ examples: ['Alice'] }),
  ticket_code: Type.String({ examples: ['7K3QX9MA'] }),
  status: Type.Unsafe<'unused' | 'used'>({ type: 'string', enum: ['unused', 'used'], examples: ['unused'] }),
  created_at: Moment,
  updated_at: Moment,
})
