import { demoUsers } from './seed.ts'

const [organizer, customer] = demoUsers

/**
 * What to try next, from the booking to the door, as lines to paste and links to open.
 *
 * @param bookingUrl the page of the booking that the second line makes
 */
export function whatToTry(url: string, event_id: number, bookingUrl: string): string {
  const api = `${url}/api/v2`
  const json = `-H 'content-type: application/json'`
  const as = (name: string) => `-H "authorization: Bearer $${name}"`
  const pick = (field: string) => `sed 's/.*"${field}":"\\([^"]*\\)".*/\\1/'`
  const logIn = (name: string, { email, password }: { email: string; password: string }) =>
    `${name}=$(curl -s ${api}/auth/login ${json} -d '${JSON.stringify({ email, password })}' | ${pick('access_token')})`
  const order = JSON.stringify({ event_id, quantity: 2, holder_names: ['Ani', 'Budi'] })
  const code = `$(curl -s ${api}/tickets ${as('CUSTOMER')} | ${pick('ticket_code')})`
  const scan = `"{\\"event_id\\":${event_id},\\"door\\":\\"Gate A\\",\\"code\\":\\"${code}\\"}"`
  const lines = [
    ['Log in as a customer', logIn('CUSTOMER', customer)],
    [
      'Book two seats, which are kept for 15 minutes',
      `curl -X POST ${api}/bookings ${as('CUSTOMER')} ${json} -d '${order}'`,
    ],
    ['Open the page of this booking and pay, with no money', bookingUrl],
    ['Read the mail that brings the tickets', `${url}/dev/mail`],
    ['Log in as the organizer', logIn('ORGANIZER', organizer)],
    [
      'Let a guest in; paste it again, and it says when and where that ticket was used',
      `curl -X POST ${api}/check-ins ${as('ORGANIZER')} ${json} -d ${scan}`,
    ],
  ]
  const users = demoUsers.map(
    ({ name, email, password, role }) => `  ${role.padEnd(10)} ${name}, ${email} / ${password}`,
  )
  return [
    '',
    'Karcis is ready, with these users:',
    ...users,
    '',
    ...lines.map(([what, line], index) => `${index + 1}. ${what}:\n  ${line}\n`),
    `Browse the API: ${url}/docs`,
    'Stop with Ctrl-C.',
    '',
  ].join('\n')
}
