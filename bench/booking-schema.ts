/** The body of a booking, of the same size as Karcis's own schema: what is parsed and checked is part of the work. */
export const bookingBody = {
  type: 'object',
  required: ['customer_id', 'event_id', 'quantity'],
  properties: {
    customer_id: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    event_id: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
    quantity: { type: 'integer', minimum: 1, maximum: 1_000 },
    holder_names: {
      type: 'array',
      maxItems: 1_000,
      items: { type: 'string', minLength: 1, maxLength: 100, pattern: '\\S' },
    },
  },
} as const

export type BookingInput = { customer_id: number; event_id: number; quantity: number; holder_names?: string[] }
