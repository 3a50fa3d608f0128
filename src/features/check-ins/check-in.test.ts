import assert from 'node:assert/strict'
import { test } from 'node:test'
import { anyone, type Identity } from '../../lib/caller.ts'
import { DomainError } from '../../lib/errors.ts'
import type { Ticket } from '../tickets/tickets.sql.ts'
import { plainCode } from './check-in-ticket.ts'
import { decideActs, lastAdmissions, type Act, type CheckIn } from './check-in.ts'

const at = '2030-01-01 18:00:00.000'
const earlier = '2030-01-01 17:00:00.000'
const ticket = { id: 1, event_id: 7, version: 2, status: 'unused', left_at: null, deleted_at: null } as Ticket
const event = { id: 7, doors_open_at: null, reentry: 1 as const }
const act = (more: object = {}) =>
  ({ action: 'admit', ticket_id: 1, version: 2, event, door: 'A', ...more }) as Act & { door: string }
const outcomes = (acts: (Act & { door: string })[], tickets: Partial<Ticket>[]) =>
  decideActs(
    acts,
    tickets.map((one) => ({ ...ticket, ...one })),
    [{ ticket_id: 1, at: earlier, door: 'B' }],
    at,
  ).map((one) => (one instanceof DomainError ? one.code : one.outcome))

const customer = (user_id: number): Identity => ({ user_id, role: 'customer', staff_of: new Set() })
const use = (by: Identity = anyone) => act({ action: 'use', by })

const used = { status: 'used' } as const
const leave = act({ action: 'leave' })
const noReentry = { ...event, reentry: 0 }
for (const [name, one, state, outcome] of [
  ['an unused one gets in', act(), {}, 'admitted'],
  ['by its token', act({ version: 2 }), {}, 'admitted'],
  ['by a token from before it was handed over', act({ version: 1 }), {}, 'ticket_handed_over'],
  ['a used one', act(), used, 'already_admitted'],
  ['one that is out', act(), { ...used, left_at: earlier }, 'returned'],
  ['one that is out, when nobody may leave any more', act({ event: noReentry }), { ...used, left_at: at }, 'returned'],
  ['a void one', act(), { status: 'void' }, 'ticket_void'],
  ['one that went out before it became void', act(), { status: 'void', left_at: earlier }, 'ticket_void'],
  ['a deleted one', act(), { deleted_at: at }, 'ticket_unknown'],
  ['one of another event', act(), { event_id: 8 }, 'ticket_of_another_event'],
  [
    'before the doors open',
    act({ event: { ...event, doors_open_at: '2030-01-01 18:00:01' } }),
    {},
    'ticket_not_yet_valid',
  ],
  ['when the doors open', act({ event: { ...event, doors_open_at: '2030-01-01 18:00:00' } }), {}, 'admitted'],
  ['a scan from before the leave', act({ scanned_at: earlier }), { ...used, left_at: at }, 'already_admitted'],
  ['a scan from after the leave', act({ scanned_at: at }), { ...used, left_at: earlier }, 'returned'],
  [
    'a scan from before the doors open',
    act({ scanned_at: earlier, event: { ...event, doors_open_at: at } }),
    {},
    'ticket_not_yet_valid',
  ],
  [
    'who left before the last admission',
    act({ action: 'leave', scanned_at: '2030-01-01 16:00:00' }),
    used,
    'not_inside',
  ],
  ['who is in leaves', leave, used, 'left'],
  ['who was never in does not leave', leave, {}, 'not_inside'],
  ['who is out does not leave again', leave, { ...used, left_at: earlier }, 'not_inside'],
  ['where nobody comes back', act({ action: 'leave', event: noReentry }), used, 'reentry_not_allowed'],
  ['version 1 uses an unused one', use(), {}, 'admitted'],
  ['version 1 and a used one', use(), used, 'ticket_already_used'],
  ['version 1 and one that is out', use(), { ...used, left_at: earlier }, 'ticket_already_used'],
  ['version 1 and a void one', use(), { status: 'void' }, 'ticket_void'],
  ['version 1 and who may see it', use(customer(3)), { customer_id: 3 }, 'admitted'],
  ['version 1 and who may not', use(customer(4)), { customer_id: 3 }, 'ticket_not_found'],
  ['version 1 and who may not, though it is used', use(customer(4)), { ...used, customer_id: 3 }, 'ticket_not_found'],
  ['version 1 and a deleted one', use(), { deleted_at: at }, 'ticket_not_found'],
] as const) {
  test(`${name}: ${outcome}`, () => assert.deepEqual(outcomes([one], [state]), [outcome]))
}

test('in one group each act sees what those before it left behind', () => {
  assert.deepEqual(outcomes([act(), act(), use(), leave, leave, act(), act()], [{}]), [
    'admitted',
    'already_admitted',
    'ticket_already_used',
    'left',
    'not_inside',
    'returned',
    'already_admitted',
  ])
})

test('who is refused is told when and at which door the ticket was let in', () => {
  const members = (acts: (Act & { door: string })[], state: Partial<Ticket>, last: CheckIn[]) =>
    (decideActs(acts, [{ ...ticket, ...state }], lastAdmissions(last), at).at(-1) as DomainError).members
  const row = (more: Partial<CheckIn>) => ({ ticket_id: 1, undone_at: null, ...more }) as CheckIn
  const rows = [
    row({ kind: 'admitted', at: earlier, door: 'B' }),
    row({ kind: 'left', at, door: 'C' }),
    row({ kind: 'conflict', at, door: 'D' }),
    row({ kind: 'returned', at, door: 'E', undone_at: at }),
  ]
  assert.deepEqual(members([act()], used, rows), { used: { at: '2030-01-01T17:00:00Z', door: 'B' } })
  assert.deepEqual(members([act({ door: 'X' }), act()], {}, []), { used: { at: '2030-01-01T18:00:00Z', door: 'X' } })
  assert.equal(members([act()], used, []), undefined, 'used before there were check-ins')
})

for (const [typed, plain] of [
  ['7k3q-x9ma', '7K3QX9MA'],
  [' 7K3Q X9MA\n', '7K3QX9MA'],
  ['', undefined],
  ['- -', undefined],
  ['7K3QX9MAX', undefined],
  ['7K3QX9MÄ', undefined],
  ["' or 1=1", undefined],
] as const) {
  test(`the code ${JSON.stringify(typed)}`, () => assert.equal(plainCode(typed), plain))
}
