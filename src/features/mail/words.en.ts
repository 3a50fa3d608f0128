import type { MailWords } from './letter-words.ts'

const tickets = (count: number) => (count === 1 ? 'ticket' : 'tickets')

export const english: MailWords = {
  greeting: (name) => (name === '' ? 'Hello,' : `Hello ${name},`),
  labels: {
    event: 'Event',
    when: 'When',
    doors: 'Doors open',
    where: 'Where',
    booking: 'Booking',
    tickets: 'Tickets',
    total: 'Total',
    refund: 'Refund',
  },
  instead: 'If the button does not work, open this link:',
  footer: 'You get this mail because of your account or a ticket here. Nobody reads answers to it.',
  say: {
    welcome: () => ({
      subject: 'Welcome to Karcis',
      title: 'Good to have you here',
      paragraphs: ['Your account is ready. Please confirm that this address is yours, so that tickets reach you.'],
      button: 'Confirm this address',
      note: 'If you did not register, leave this mail alone.',
    }),
    email_changed: () => ({
      subject: 'Confirm your email address',
      title: 'Confirm your address',
      paragraphs: ['Please confirm that this address is yours. Mails about your tickets come here from now on.'],
      button: 'Confirm this address',
      note: 'If you have no account here, leave this mail alone.',
    }),
    password_reset: () => ({
      subject: 'Choose a new password',
      title: 'Choose a new password',
      paragraphs: ['Somebody, hopefully you, has asked for a new password for your account.'],
      button: 'Choose a password',
      note: 'The link works once, for 30 minutes. If you did not ask for it, nothing has changed.',
    }),
    staff_invitation: () => ({
      subject: 'You are invited to work at the door',
      title: 'Welcome to the team',
      paragraphs: [
        'An organizer has invited you to check tickets at their event. Choose a password, and you can sign in.',
      ],
      button: 'Choose a password',
      note: 'The link works once, for 7 days.',
    }),
    booking_held: ({ event, until }) => ({
      subject: `Your seats are kept: ${event!.title}`,
      title: 'Your seats are waiting for you',
      paragraphs: [`They are kept until ${until}. Pay until then, and the tickets are yours.`],
      button: 'Pay now',
    }),
    booking_confirmed: ({ event, allHandedOver = false }) => ({
      subject: `Your tickets: ${event!.title}`,
      title: allHandedOver ? 'Your booking is complete' : 'You are going!',
      paragraphs: [
        allHandedOver
          ? 'You have handed over all of its tickets. Whoever you gave them to has them by mail.'
          : 'Your tickets are attached to this mail as a PDF. Show their QR codes at the door, on paper or on your phone.',
      ],
      button: 'Open your booking',
      ...(!allHandedOver && { note: 'Whoever has a QR code gets in with it, once. Keep them to yourself.' }),
    }),
    booking_expired: ({ event }) => ({
      subject: `Your booking has expired: ${event!.title}`,
      title: 'Your booking has expired',
      paragraphs: [
        'It was not paid in time, so its seats are on sale again.',
        'If you have paid all the same, you get your tickets if there are seats left, and else your money back.',
      ],
      button: 'Look at the booking',
    }),
    booking_cancelled: ({ event, cancelled, refund, isHolder }) => {
      if (isHolder === true) {
        return {
          subject: `Cancelled: ${event!.title}`,
          title: 'Your ticket is cancelled',
          paragraphs: [
            'The ticket that was handed to you is no longer valid: whoever booked it, or the organizer, has cancelled it.',
          ],
        }
      }
      const { isAll, by, tickets: count } = cancelled!
      const what = isAll ? 'Your booking' : `${count} ${tickets(count)} of your booking`
      const is = isAll || count === 1 ? 'is' : 'are'
      return {
        subject: `Cancelled: ${event!.title}`,
        title: isAll ? 'Your booking is cancelled' : 'Some tickets are cancelled',
        paragraphs: [
          by === 'organizer'
            ? `The organizer has cancelled: ${what} ${is} no longer valid.`
            : `${what} ${is} cancelled, as you asked.`,
          refund === undefined
            ? 'No money goes back.'
            : `${refund} goes back to you, the way you paid. That can take some days.`,
        ],
        button: 'Look at the booking',
      }
    },
    booking_refunded: ({ event, refund }) => ({
      subject: `Refund: ${event!.title}`,
      title: `${refund} is on its way back`,
      paragraphs: ['Your money was paid back, the way you paid. Banks may take some days until you see it.'],
      button: 'Look at the booking',
    }),
    event_changed: ({ event, was }) => ({
      subject: `Changed: ${event!.title}`,
      title: 'Something has changed',
      paragraphs: [
        'The organizer has changed the event that you have tickets for. Your tickets stay valid.',
        ...(was?.title === undefined ? [] : [`It was called: ${was.title}`]),
        ...(was?.date === undefined ? [] : [`It was on: ${was.date}`]),
        ...(was?.location === undefined ? [] : [`It was at: ${was.location}`]),
        'This is how it is now:',
      ],
      button: 'Open your tickets',
    }),
    event_cancelled: ({ event, reason, isHolder }) => ({
      subject: `Cancelled: ${event!.title}`,
      title: 'The event does not take place',
      paragraphs: [
        'We are sorry: the organizer has called the event off. Your tickets are no longer valid.',
        ...(reason === undefined ? [] : [`The organizer says: ${reason}`]),
        ...(isHolder === true ? [] : ['If you have paid, all of it goes back to you, the way you paid.']),
      ],
      button: 'Look at the booking',
    }),
    event_reminder: ({ event }) => ({
      subject: `Soon: ${event!.title}`,
      title: 'It is almost time',
      paragraphs: ['Have your QR code ready at the door: on paper, or on a bright screen.'],
      button: 'Open your tickets',
    }),
    ticket_offered: ({ event, from, until }) => ({
      subject: `A ticket for you: ${event!.title}`,
      title: 'Somebody has a ticket for you',
      paragraphs: [
        from === undefined ? 'You are offered a ticket.' : `${from} offers you a ticket.`,
        `Accept it until ${until}, and it is yours.`,
      ],
      button: 'See the ticket',
      note: 'If you do not want it, there is nothing to do.',
    }),
    ticket_received: ({ event }) => ({
      subject: `Your ticket: ${event!.title}`,
      title: 'The ticket is yours',
      paragraphs: [
        'It is attached to this mail as a PDF. Show its QR code at the door, on paper or on your phone.',
        'The QR code of whoever had it before does not work any more.',
      ],
      button: 'Open your ticket',
      note: 'Whoever has the QR code gets in with it, once. Keep it to yourself.',
    }),
    ticket_handed_over: ({ event, to }) => ({
      subject: `Handed over: ${event!.title}`,
      title: 'Your ticket has a new holder',
      paragraphs: [
        to === undefined
          ? 'The ticket that you offered was accepted.'
          : `${to} has accepted the ticket that you offered.`,
        'Its QR code and code that you had do not work any more.',
      ],
      button: 'Look at the booking',
    }),
  },
}
