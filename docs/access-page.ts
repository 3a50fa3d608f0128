import { access, type Rule } from '../src/features/accounts/access.ts'

const roles = ['visitor', 'customer', 'organizer', 'staff', 'admin'] as const

/** docs/rules/access.md: what is said here by hand, and the table in src/features/accounts/access.ts. */
export function accessPage(): string {
  const rows = Object.entries(access).map(([route, rule]) => {
    const cells = roles.map((role) => reachOf(rule, role) ?? '–')
    return `| \`${route}\` | ${[...cells, keyOf(rule)].join(' | ')} |`
  })
  return [
    prose,
    '## Every route',
    '',
    'For each path under `/api/v1`, under `/api/v2` and, where version 1 has it, without a prefix. `all`: any row;',
    '`own`: as above; `–`: not at all. The last column is the scope that an API key needs.',
    '',
    '| route | visitor | customer | organizer | staff | admin | key |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    '',
    '<!-- Made from docs/access-page.ts and src/features/accounts/access.ts by `npm run docs`. -->',
    '',
  ].join('\n')
}

function keyOf({ visitor, scope }: Rule): string {
  if (visitor === 'all') return 'any'
  return scope ? `\`${scope}\`` : '–'
}

function reachOf(rule: Rule, role: (typeof roles)[number]): string | undefined {
  return role === 'admin' ? (rule.admin ?? 'all') : rule[role]
}

const prose = `# Access: who may do what

Every request is asked two questions. **May this caller use this route at all?** That is the table below, and nothing
else: a route that is missing in it keeps the server from starting. **Which rows do they get?** That is what *own*
means, decided where the rows are read and changed.

Tests: [access.test.ts](../../test/journeys/access.test.ts) asks every route as everyone, for what is theirs and for
what is not.

## Who asks

| | is |
|---|---|
| visitor | who brings no token |
| customer | who buys; registers by themselves |
| organizer | who puts events on sale; registers by themselves |
| staff | who stands at the doors of the events that they were given by an organizer; never registers |
| admin | who looks after the server; made by \`npm run user\` or \`ADMIN_EMAIL\`, never by registering |
| API key | a program of its owner's, who is named by the key; it gets where its scope leads, and no further than its owner |

With \`AUTH=off\` there are no accounts: everyone may do everything, on this machine alone. What is about an account
itself (\`GET /auth/me\`, \`POST /auth/password\`) then answers 401, and \`POST /api-keys\` 403: a key needs an owner.

A role counts as it is **now**, not as it was when the token was signed: a token names a session, and what its user is
and may is looked up. A server goes by what it has seen for 5 seconds at most, and by what it has changed itself at
once.

## What is own

| | of a customer | of an organizer, and of their API keys | of staff | of an admin |
|---|---|---|---|---|
| user | their own account | their own account | their own account | every account |
| event | none; all may be read | those that they put on sale; all may be read | none; all may be read | every event |
| ticket type | none; all may be read | those of their events | none; all may be read | every type |
| booking | those that they are the customer of | those for their events | none | every booking |
| ticket | those of their bookings | those for their events | those for the events whose doors they are at | every ticket |
| offer of a ticket | those of their tickets; to withdraw those that they made | those for their events | none | every offer |
| API key | none | those that they made | none | those that they made; may revoke every one |
| audit entry | none | those about their events and API keys | none | every entry |
| ledger entry | none | those of their own account; the takings of their events | none | every entry |
| session | their own | their own, and not by a key | their own | their own |

Who was handed a ticket needs no account: the link that was mailed to them opens their ticket, and the one before it
the offer ([hand-over.md](hand-over.md)). Whoever brings a link is its holder, whatever token comes along. A customer who
has handed a ticket over still sees it, but not its code.

An API key sells (\`sell\`) for its owner's events alone, to any customer: a box office. It is the one thing that a key
does and its owner has no route for.

## What the others are told

| | answer |
|---|---|
| no token where one is needed | 401, with \`WWW-Authenticate: Bearer\` |
| a token that is no good where one is needed | 401, with \`error="invalid_token"\` |
| a token that is no good where none is needed | as a visitor: who wants to sign in again may |
| a role that has no such route | 403 |
| a key without the scope | 403; what is public is open to any key |
| a user, booking or ticket that is somebody else's | 404, word for word as if it were not there |
| a change of somebody else's event | 403: events are public, so there is nothing to hide |
| \`customer_id\` or \`organizer_id\` of another in a body | 403; left out, a customer's or organizer's own is taken |
| \`customer_id\` of another in a list | an empty list: a list has own rows only, and is narrowed from there |
`
