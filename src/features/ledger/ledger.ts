import type { ProviderName } from '../../db/schema.ts'

/** What is on its way back to customers. */
export const customers = 'customers'
/** The platform's. */
export const fees = 'fees'
/** What a provider holds for us. */
export const providerAccount = (name: ProviderName) => `provider:${name}`
/** What we owe an organizer. */
export const organizerAccount = (id: number) => `organizer:${id}`

/** What entries are written for. The entries of one cause are written together, once. */
export const causes = {
  payment: (id: number) => `payment ${id}`,
  refundDue: (id: number) => `refund ${id} due`,
  refundDone: (id: number) => `refund ${id}`,
  refundReturned: (id: number) => `refund ${id} returned`,
  refundByHand: (id: number) => `refund ${id} by hand`,
}
