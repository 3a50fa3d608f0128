import type { Signer } from '../../lib/signer.ts'

/** What a QR code says: this ticket of this event, as it was handed over so many times. */
export type TicketToken = Readonly<{ ticket_id: number; event_id: number; version: number }>

/** The token of a ticket: a compact JWS of `{ t, e, v }`, some 160 characters. It holds until the ticket is handed over. */
export function signTicket(signer: Signer, ticket: { id: number; event_id: number; version: number }): Promise<string> {
  return signer.sign({ t: ticket.id, e: ticket.event_id, v: ticket.version })
}

/** What a token says; undefined if it is forged, or no ticket's. Whether the ticket admits anyone is another question. */
export async function readTicketToken(signer: Signer, token: string): Promise<TicketToken | undefined> {
  const { t, e, v } = (await signer.verify(token)) ?? {}
  return isId(t) && isId(e) && isId(v) ? { ticket_id: t, event_id: e, version: v } : undefined
}

/** Whether this is meant to be a token, and not a ticket's code. */
export const looksLikeToken = (text: string): boolean => text.includes('.')

const isId = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0
