import { reading } from '../../db/transaction.ts'
import type { Db } from '../../db/database.ts'
import type { Deps } from '../../deps.ts'
import { system } from '../../lib/caller.ts'
import { asLanguage, type Language } from '../../lib/language.ts'
import { formatMoney } from '../../lib/money.ts'
import { dateOf, toTimestamp, type Timestamp } from '../../lib/time.ts'
import { addressHash } from '../accounts/confirm-email.ts'
import { invitation_ms, issueReset, reset_ms } from '../accounts/reset-password.ts'
import { hasTickets } from '../bookings/booking-status.ts'
import type { Booking } from '../bookings/booking.ts'
import { findBooking } from '../bookings/bookings.sql.ts'
import type { Event } from '../events/event.ts'
import { findEvent } from '../events/events.sql.ts'
import { filesOf, inOrder } from '../images/image.ts'
import { listImages } from '../images/images.sql.ts'
import { imagePath } from '../images/show-image.ts'
import { momentText, timeText } from '../pages/moment-text.ts'
import { findRefund } from '../payments/refunds.sql.ts'
import { signLink } from '../signatures/link-token.ts'
import { linkUntil, pageLink } from '../signatures/page-links.ts'
import { listTypesByIds } from '../ticket-types/ticket-types.sql.ts'
import { listTicketsByBooking, type Ticket } from '../tickets/tickets.sql.ts'
import { findTransfer } from '../transfers/transfers.sql.ts'
import { findUser, type User } from '../users/users.sql.ts'
import type { Facts, Letter } from './letter.ts'
import type { MailRow } from './mail.sql.ts'
import type { MailDetails } from './put-mail.ts'

/** A mail as it is to be sent now. */
export type ReadMail = Readonly<{
  to: Readonly<{ name: string; address: string }>
  language: Language
  facts: Facts
  image?: Letter['image']
  /** Makes the link of its button, whose secret is made with it. */
  makeUrl: () => Promise<string | undefined>
  /** Whose calendar entry goes along. */
  calendar?: Event
  /** What goes along as a PDF. */
  ticket_ids: readonly number[]
}>

const confirmation_ms = 7 * 24 * 60 * 60_000

/** All rows that a mail may be about. */
type Rows = Readonly<{
  user: User | undefined
  event: Event | undefined
  booking: Booking | undefined
  tickets: readonly Ticket[]
  ticket: Ticket | undefined
  names: ReadonlyMap<number, string>
  image: Letter['image']
  details: Record<string, unknown> & { language?: unknown }
}>

/**
 * Reads what a mail is about, as it is now: so no name and no address was copied, and what was erased stays erased.
 * Undefined if there is nobody, or nothing, left to write about.
 */
export async function readMail(deps: Deps, mail: MailRow): Promise<ReadMail | undefined> {
  return reading(deps.database, async (db) => {
    const rows = await readRows(deps, db, mail)
    const reader = readerOf(mail, rows)
    if (!reader || isOver(mail, rows, toTimestamp(deps.now()))) return undefined
    const { language } = reader
    const more = await tell(db, mail, rows, language)
    if (!more) return undefined
    const { event, booking, image } = rows
    const isAboutHolder = mail.email !== null
    return {
      to: { name: reader.name, address: reader.address },
      language,
      facts: {
        kind: mail.kind,
        name: reader.name,
        ...(event && { event: eventFacts(event, language) }),
        // What a booking costs is its customer's affair.
        ...(booking && !isAboutHolder && { booking: bookingFacts(booking, rows, language) }),
        isHolder: isAboutHolder,
        ...more.facts,
      },
      ...(image && { image }),
      makeUrl: () => linkOf(deps, mail, rows),
      ...(event && more.calendar && { calendar: event }),
      ticket_ids: more.ticket_ids ?? [],
    }
  })
}

async function readRows(deps: Deps, db: Db, mail: MailRow): Promise<Rows> {
  const { user_id, event_id, booking_id, ticket_id } = mail
  const event = event_id === null ? undefined : await findEvent(db, event_id)
  const tickets = booking_id === null ? [] : await listTicketsByBooking(db, booking_id)
  const types = [...new Set(tickets.map(({ ticket_type_id }) => ticket_type_id))]
  const names = types.length > 0 ? await listTypesByIds(db, types) : []
  const image = event && inOrder(await listImages(db, event.id))[0]
  // The middle one of three is as wide as a mail on a good screen.
  const file = image && (filesOf(image)[1] ?? filesOf(image)[0])
  return {
    user: user_id === null ? undefined : await findUser(db, user_id),
    event,
    booking: booking_id === null ? undefined : await findBooking(db, booking_id),
    tickets,
    ticket: tickets.find(({ id }) => id === ticket_id),
    names: new Map(names.map(({ id, name }) => [id, name])),
    image: file && { url: deps.publicUrl() + imagePath(file.name), alt: image.alt || event.title },
    details: JSON.parse(mail.details) as Rows['details'],
  }
}

/** Undefined if there is nobody any more. */
function readerOf(
  { user_id, email, kind }: MailRow,
  { user, ticket, details }: Rows,
): { name: string; address: string; language: Language } | undefined {
  if (user_id !== null) return user && { name: user.name, address: user.email, language: user.language }
  if (email === null) return undefined
  // Who is offered a ticket is not yet the one whose name is on it.
  const name = kind === 'ticket_offered' ? '' : (ticket?.holder_name ?? '')
  return { name, address: email, language: asLanguage(details.language) ?? 'en' }
}

/** Whether what a mail would say is not so any more, or too late. */
function isOver({ kind, email, booking_id, event_id }: MailRow, rows: Rows, at: Timestamp): boolean {
  const { event, booking, ticket } = rows
  if ((event_id !== null && !event) || (booking_id !== null && (!booking || booking.deleted_at !== null))) return true
  // A ticket that was handed on is the affair of its next holder.
  const isHandedOn = email !== null && kind !== 'ticket_offered' && ticket?.holder_email !== email
  switch (kind) {
    case 'booking_held':
      return booking!.status !== 'pending' || booking!.expires_at! <= at
    case 'booking_confirmed':
      return !hasTickets(booking!.status)
    case 'booking_expired':
      return booking!.status !== 'expired' && booking!.status !== 'failed'
    case 'event_changed':
    case 'event_reminder':
      return event!.cancelled_at !== null || event!.date <= at || isHandedOn || (!email && !hasTickets(booking!.status))
    case 'ticket_received':
      return ticket?.status !== 'unused' || isHandedOn
    default:
      return false
  }
}

type Told = { facts?: Partial<Facts>; calendar?: boolean; ticket_ids?: readonly number[] }

/** What one kind of mail tells beside the rest; undefined if what it is about is gone. */
async function tell(db: Db, mail: MailRow, rows: Rows, language: Language): Promise<Told | undefined> {
  const { event, booking, tickets, ticket } = rows
  const moment = (at: Timestamp) => momentText(at, event!.time_zone, language)
  switch (mail.kind) {
    case 'booking_held':
      return { facts: { until: moment(booking!.expires_at!) } }
    case 'booking_confirmed': {
      const own = tickets.filter(({ status, holder_email }) => status !== 'void' && holder_email === null)
      return {
        facts: { allHandedOver: own.length === 0 },
        calendar: own.length > 0,
        ticket_ids: own.map(({ id }) => id),
      }
    }
    case 'booking_cancelled': {
      const { ticket_ids, refund, by } = detailsOf(rows, 'booking_cancelled')
      const isAll = ticket_ids.length === 0 || ticket_ids.length === booking!.quantity
      const back = refund > 0 ? { refund: formatMoney(refund, booking!.currency, language) } : {}
      return { facts: { cancelled: { tickets: ticket_ids.length, isAll, by }, ...back } }
    }
    case 'booking_refunded': {
      const refund = await findRefund(db, detailsOf(rows, 'booking_refunded').refund_id)
      return refund && { facts: { refund: formatMoney(refund.amount, refund.currency, language) } }
    }
    case 'event_changed': {
      const { title, location, date } = detailsOf(rows, 'event_changed').was
      const was = {
        ...(title !== undefined && { title }),
        ...(location !== undefined && { location }),
        ...(date !== undefined && { date: moment(date) }),
      }
      return { facts: { was }, calendar: true }
    }
    case 'event_cancelled': {
      const { reason } = detailsOf(rows, 'event_cancelled')
      return { facts: reason === null ? {} : { reason }, calendar: true }
    }
    case 'ticket_offered':
    case 'ticket_handed_over': {
      const transfer = await findTransfer(db, detailsOf(rows, 'ticket_offered').transfer_id)
      if (!transfer || !ticket) return undefined
      if (mail.kind === 'ticket_handed_over') return { facts: { to: transfer.email } }
      if (transfer.status !== 'offered') return undefined
      const customer = ticket.holder_email === null ? await findUser(db, ticket.customer_id) : undefined
      const from = ticket.holder_email === null ? customer?.name : ticket.holder_name
      return { facts: { until: moment(transfer.expires_at), ...(from !== undefined && { from }) } }
    }
    case 'ticket_received':
      return { calendar: true, ticket_ids: [ticket!.id] }
    default:
      return {}
  }
}

const detailsOf = <Kind extends keyof MailDetails>({ details }: Pick<Rows, 'details'>, _kind: Kind) =>
  details as unknown as MailDetails[Kind]

function eventFacts({ title, location, date, doors_open_at, time_zone }: Event, language: Language): Facts['event'] {
  return {
    title,
    location,
    when: momentText(date, time_zone, language),
    ...(doors_open_at !== null && { doors: timeText(doors_open_at, time_zone, language) }),
  }
}

function bookingFacts(
  { id, total_price, currency }: Booking,
  { tickets, names }: Rows,
  language: Language,
): NonNullable<Facts['booking']> {
  const good = Map.groupBy(
    tickets.filter(({ status }) => status !== 'void'),
    ({ ticket_type_id }) => ticket_type_id,
  )
  const types = [...good].map(([typeId, own]) => ({ name: names.get(typeId) ?? '', count: own.length }))
  return { id, types, ...(total_price > 0 && { total: formatMoney(total_price, currency, language) }) }
}

/** Made when the mail is sent, and never kept: it is as good as a password. */
async function linkOf(deps: Deps, mail: MailRow, { user, event, booking, ticket, details }: Rows) {
  const { signer } = deps
  const after = (ms: number) => new Date(deps.now().getTime() + ms)
  switch (mail.kind) {
    case 'welcome':
    case 'email_changed': {
      const link = { purpose: 'email', id: user!.id, of: addressHash(user!.email) } as const
      return pageLink(deps, 'email', await signLink(signer, link, after(confirmation_ms)))
    }
    case 'password_reset':
    case 'staff_invitation': {
      const valid_ms = mail.kind === 'password_reset' ? reset_ms : invitation_ms
      return pageLink(
        deps,
        'password',
        await issueReset(deps, system, { user_id: user!.id, mail_id: mail.id, valid_ms }),
      )
    }
    case 'ticket_offered': {
      const { transfer_id } = detailsOf({ details }, 'ticket_offered')
      const transfer = await reading(deps.database, (db) => findTransfer(db, transfer_id))
      if (!transfer) return undefined
      const link = { purpose: 'transfer', id: transfer_id } as const
      return pageLink(deps, 'transfer', await signLink(signer, link, dateOf(transfer.expires_at)))
    }
    default: {
      if (!event || !booking) return undefined
      const until = linkUntil(event)
      if (mail.email === null) {
        return pageLink(deps, 'booking', await signLink(signer, { purpose: 'booking', id: booking.id }, until))
      }
      if (!ticket) return undefined
      const link = { purpose: 'ticket', id: ticket.id, version: ticket.version } as const
      return pageLink(deps, 'ticket', await signLink(signer, link, until))
    }
  }
}
