import type { Language } from '../../lib/language.ts'
import type { Event } from '../events/event.ts'

export const sizes = ['a4', 'phone'] as const
/** `phone`: a narrow page that fills a phone's screen. */
export type PageSize = (typeof sizes)[number]

/** All that a document is made of, as it goes to the thread that makes it. */
export type PrintJob = Readonly<{
  language: Language
  size: PageSize
  event: Pick<Event, 'id' | 'title' | 'location' | 'date' | 'ends_at' | 'doors_open_at' | 'time_zone' | 'currency'>
  /** A JPEG. */
  image: Uint8Array | undefined
  tickets: readonly PrintedTicket[]
  made_at: Date
}>

export type PrintedTicket = Readonly<{
  holder_name: string
  type_name: string
  price: number
  ticket_code: string
  /** What its QR code says. */
  token: string
}>
