import { demoUsers } from './seed.ts'

const [organizer, customer] = demoUsers

/** What to try next, as lines to paste. */
export function whatToTry(
  url: string,
  { event_id, customer_id }: { customer_id: number; event_id: number },
  auth: 'on' | 'off',
): string {
  const api = `${url}/api/v1`
  const hasAccounts = auth === 'on'
  const json = `-H 'content-type: application/json'`
  const as = (name: string) => (hasAccounts ? ` -H "authorization: Bearer $${name}"` : '')
  const logIn = (name: string, { email, password }: { email: string; password: string }) =>
    `${name}=$(curl -s ${api}/auth/login ${json} -d '${JSON.stringify({ email, password })}' | ` +
    `sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`
  const order = { ...(!hasAccounts && { customer_id }), event_id, quantity: 2, holder_names: ['Ani', 'Budi'] }
  const lines = [
    ['See what is on', `curl ${api}/events`],
    hasAccounts ? ['Log in as a customer', logIn('CUSTOMER', customer)] : undefined,
    ['Book two seats', `curl -X POST ${api}/bookings${as('CUSTOMER')} ${json} -d '${JSON.stringify(order)}'`],
    ['See the tickets', `curl ${api}/tickets${as('CUSTOMER')}`],
    hasAccounts ? ['Log in as the organizer', logIn('ORGANIZER', organizer)] : undefined,
    ['Use the first one at the door', `curl -X PUT ${api}/tickets/1/use${as('ORGANIZER')}`],
    ['Try to use it again', `curl -X PUT ${api}/tickets/1/use${as('ORGANIZER')}`],
  ].filter((line) => line !== undefined)
  const users = demoUsers.map(
    ({ name, email, password, role }) => `  ${role.padEnd(10)} ${name}, ${email} / ${password}`,
  )
  return [
    '',
    'Karcis is ready, with these users:',
    ...users,
    '',
    ...lines.map(([what, command]) => `${what}:\n  ${command}\n`),
    `Browse the API: ${url}/docs`,
    'Stop with Ctrl-C.',
    '',
  ].join('\n')
}
