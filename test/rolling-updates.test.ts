import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mysql, sqlite } from '../src/db/dialect.ts'
import { migrations } from '../src/db/migrate.ts'

/** The rule is docs/rules/rolling-updates.md. What was released before it was made is not held against it. */
const before_the_rule = '0005-tickets-in-hand'

/** Statements that do more than add, and why the version before them bears it. */
const reviewed: ReadonlyMap<string, string> = new Map([
  [
    'create unique index check_in_scan_once on check_in (scan_id, event_id)',
    'refuses what check_in_scan refuses: the same two columns, in another order',
  ],
  [
    'alter table check_in drop index check_in_scan',
    'the new index refuses the same, and no statement names the old one',
  ],
])

/** Why the version before might not bear a statement; undefined if it only adds. `made` are tables of the same migration. */
function objectionTo(statement: string, made: ReadonlySet<string>): string | undefined {
  const text = statement.toLowerCase().replaceAll(/\s+/g, ' ').replaceAll('`', '').trim()
  const [, table] = /^create table (\w+) \(/.exec(text) ?? []
  if (table !== undefined) {
    const others = [...text.matchAll(/references (\w+)/g)].filter(([, other]) => other !== table && !made.has(other!))
    return others.length > 0
      ? `rows of ${others[0]![1]} could no longer be deleted by who knows no ${table}`
      : undefined
  }
  const [, unique, indexed] = /^create (unique )?index \w+ on (\w+) \(/.exec(text) ?? []
  if (indexed !== undefined) {
    return unique && !made.has(indexed) ? `what is written into ${indexed} might be refused` : undefined
  }
  const [, column, rest = ''] = /^alter table \w+ add column (\w+) (.*)$/.exec(text) ?? []
  if (column !== undefined) {
    if (/\b(unique|references|primary key)\b/.test(rest)) return `rows without ${column} might be refused`
    if (/ not null\b/.test(rest) && !/ default | generated always as /.test(rest)) return `rows need ${column}`
    // A second clause of the same statement.
    if (/\), ?(add|drop|modify|change|rename|alter) |(^|[^(]*), ?(drop|modify|change|rename|alter) /.test(rest))
      return 'it does more'
    return undefined
  }
  const [, filled] = /^insert into (\w+) /.exec(text) ?? []
  if (filled !== undefined && made.has(filled)) return undefined
  return 'it does not only add'
}

const tableIn = (statement: string) => /^\s*create table `?(\w+)/i.exec(statement)?.[1]

for (const dialect of [sqlite, mysql]) {
  for (const { name, statements } of migrations.filter(({ name }) => name > before_the_rule)) {
    test(`${name} on ${dialect.name} only adds, so servers of the version before go on beside it`, () => {
      const all = statements(dialect)
      const made = new Set(all.flatMap((statement) => tableIn(statement)?.toLowerCase() ?? []))
      for (const statement of all) {
        if (!reviewed.has(statement)) assert.equal(objectionTo(statement, made), undefined, statement)
      }
    })
  }
}

test('there is a migration that is held against the rule, and none of the reviewed is forgotten', () => {
  const after = migrations.filter(({ name }) => name > before_the_rule)
  assert.ok(after.length > 0)
  const all = new Set([sqlite, mysql].flatMap((dialect) => after.flatMap(({ statements }) => statements(dialect))))
  assert.deepEqual([...reviewed.keys()].filter((statement) => !all.has(statement)), []) // prettier-ignore
})

for (const [statement, objection] of [
  ['create table seat (id bigint primary key, at datetime(3) not null)', undefined],
  ['create table seat (id bigint, event_id bigint not null references event (id))', /rows of event/],
  ['create table seat (id bigint, row_id bigint references made (id), next_id bigint references seat (id))', undefined],
  ['create index seat_row on ticket (row_number)', undefined],
  ['create unique index seat_row on ticket (row_number)', /might be refused/],
  ['create unique index seat_row on made (row_number)', undefined],
  ['alter table ticket add column seat varchar(16) null', undefined],
  ['alter table ticket add column seat text check (length(seat) <= 16)', undefined],
  ['alter table ticket add column seat int not null', /rows need seat/],
  ['alter table ticket add column seat int not null default 0', undefined],
  ['alter table ticket add column seat int generated always as (id + 1) virtual', undefined],
  ['alter table ticket add column seat int unique', /might be refused/],
  ['alter table ticket add column seat int null, drop column price', /does more/],
  ['alter table ticket drop column price', /only add/],
  ['alter table ticket rename column price to cost', /only add/],
  ['alter table ticket modify price bigint not null', /only add/],
  ['alter table ticket add constraint positive check (price > 0)', /only add/],
  ['alter table `user` drop check role', /only add/],
  ['drop index ticket_event', /only add/],
  ['update ticket set price = 0', /only add/],
  ["insert into made (name) values ('x')", undefined],
  ["insert into event (title) values ('x')", /only add/],
] as const) {
  test(`held against the rule: ${statement}`, () => {
    const found = objectionTo(statement, new Set(['made']))
    if (objection === undefined) assert.equal(found, undefined)
    else assert.match(found ?? 'nothing', objection)
  })
}
