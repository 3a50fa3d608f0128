import { demoUsers } from './seed.ts'

/** What to try next, as lines to paste. */
export function whatToTry(url: string, { customer_id, event_id }: { customer_id: number; event_id: number }): string {
  const api = `${url}/api/v1`
  const booking = JSON.stringify({ customer_id, event_id, quantity: 2, holder_names: ['Ani', 'Budi'] })
  const lines = [
    ['See what is on', `curl ${api}/events`],
    ['Book two seats', `curl -X POST ${api}/bookings -H 'content-type: application/json' -d '${booking}'`],
    ['See the tickets', `curl ${api}/tickets`],
    ['Use the first one at the door', `curl -X PUT ${api}/tickets/1/use`],
    ['Try to use it again', `curl -X PUT ${api}/tickets/1/use`],
  ]
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
