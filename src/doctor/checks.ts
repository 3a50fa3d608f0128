import { sql } from 'kysely'
import type { Db } from '../db/database.ts'
import { limited, shown_max, type Finding } from './finding.ts'

/** A row that is wrong. Sums are text on MySQL; they are only shown. */
type Row = Record<string, string | number | null>

/** A rule, and the query that finds the rows that break it. Each row has an `id` by which it stands in order. */
type Check = { rule: string; wrong: string; say: (row: Row) => string }

/**
 * The ledger's entries of a payment are found by its booking, whose index both databases can go by, and so are those of a
 * refund: a cause that is put together in a query is in another character set than the column, and no index of MySQL
 * helps then.
 */
const isEntryOfPayment = (entry: string) =>
  `${entry}.booking_id = payment.booking_id and ${entry}.cause = concat('payment ', payment.id)`

/** In SQL that both databases understand; each goes over its tables once. */
const checks: readonly Check[] = [
  {
    rule: 'event seats',
    wrong: `select event.id, capacity, available_seat, coalesce(held.seats, 0) as held, coalesce(good.seats, 0) as good
      from event
      left join (select event_id, sum(quantity) as seats from booking
        where status = 'pending' and deleted_at is null group by event_id) as held on held.event_id = event.id
      left join (select event_id, count(*) as seats from ticket
        where status <> 'void' and deleted_at is null group by event_id) as good on good.event_id = event.id
      where available_seat < 0 or available_seat > capacity
        or capacity - available_seat <> coalesce(held.seats, 0) + coalesce(good.seats, 0)`,
    say: ({ id, capacity, available_seat, held, good }) =>
      `event ${id}: ${available_seat} of ${capacity} seats left, ${held} held, ${good} in tickets`,
  },
  {
    rule: 'booking tickets',
    wrong: `select booking.id, booking.status, quantity, coalesce(tickets, 0) as tickets, coalesce(good, 0) as good
      from booking
      left join (select booking_id, count(*) as tickets, sum(case when status = 'void' then 0 else 1 end) as good
        from ticket group by booking_id) as counted on counted.booking_id = booking.id
      where case
        when booking.status = 'success' then coalesce(tickets, 0) <> quantity or good <> quantity
        when booking.status = 'partially_refunded'
          then coalesce(tickets, 0) <> quantity or good = 0 or good = quantity
        when booking.status in ('cancelled', 'refunded') then coalesce(good, 0) <> 0
        else coalesce(tickets, 0) <> 0
      end`,
    say: ({ id, status, quantity, tickets, good }) =>
      `${status} booking ${id} of ${quantity}: ${tickets} tickets, ${good} of them good`,
  },
  {
    rule: 'booking price',
    wrong: `select booking.id, total_price, sum(ticket.price) as prices
      from booking join ticket on ticket.booking_id = booking.id
      group by booking.id, total_price having sum(ticket.price) <> total_price`,
    say: ({ id, total_price, prices }) => `booking ${id}: costs ${total_price}, its tickets ${prices}`,
  },
  {
    rule: 'booking deletion',
    wrong: `select ticket.id, booking_id, ticket.deleted_at from ticket join booking on booking.id = ticket.booking_id
      where (ticket.deleted_at is null) <> (booking.deleted_at is null)`,
    say: ({ id, booking_id, deleted_at }) =>
      `ticket ${id} is ${deleted_at === null ? 'there' : 'deleted'}, and its booking ${booking_id} is not`,
  },
  {
    rule: 'hold',
    wrong: `select booking.id, 'is pending and has no hold' as problem
      from booking left join hold on hold.booking_id = booking.id and hold.expires_at is not null
      where booking.status = 'pending' and booking.deleted_at is null and hold.booking_id is null
      union all
      select booking.id, 'has a hold that it should not have'
      from hold join booking on booking.id = hold.booking_id
      where booking.event_id <> hold.event_id or case
        when hold.expires_at is null then booking.status not in ('expired', 'failed')
        else booking.status <> 'pending' or booking.deleted_at is not null
      end`,
    say: ({ id, problem }) => `booking ${id} ${problem}`,
  },
  {
    // Codes themselves are not shown: they open doors.
    rule: 'ticket codes',
    wrong: `select min(id) as id, count(*) as tickets from ticket group by ticket_code having count(*) > 1`,
    say: ({ id, tickets }) => `${tickets} tickets have the code of ticket ${id}`,
  },
  {
    rule: 'ticket owners',
    wrong: `select ticket.id, booking_id from ticket join booking on booking.id = ticket.booking_id
      where ticket.event_id <> booking.event_id or ticket.organizer_id <> booking.organizer_id
        or ticket.customer_id <> booking.customer_id`,
    say: ({ id, booking_id }) => `ticket ${id}: another event, organizer or customer than its booking ${booking_id}`,
  },
  {
    // One that was used before there were check-ins leaves without having been admitted.
    rule: 'check-ins',
    wrong: `select id, ticket_id, kind, previous from (
        select id, ticket_id, kind, lag(kind) over (partition by ticket_id order by id) as previous
        from check_in where undone_at is null and kind <> 'conflict') as acts
      where case kind
        when 'admitted' then previous is not null
        when 'left' then previous = 'left'
        else previous is null or previous <> 'left'
      end`,
    say: ({ id, ticket_id, kind, previous }) => `ticket ${ticket_id}: ${kind} (${id}) after ${previous ?? 'nothing'}`,
  },
  {
    rule: 'payment posting',
    wrong: `select concat('payment ', payment.id) as id, 'is paid, and not posted as such' as problem
      from payment join booking on booking.id = payment.booking_id
      left join ledger_entry as posted on ${isEntryOfPayment('posted')}
        and posted.account = concat('provider:', payment.provider)
        and posted.amount = payment.amount and posted.currency = payment.currency
      where payment.status = 'paid' and posted.id is null
      union all
      select cause, 'is posted, and no payment that is paid' from ledger_entry
      left join payment on ${isEntryOfPayment('ledger_entry')} and payment.status = 'paid'
      where cause like 'payment %' and payment.id is null group by cause`,
    say: ({ id, problem }) => `${id} ${problem}`,
  },
  {
    // A charge is a payment that an organizer was credited for.
    rule: 'booking payment',
    wrong: `select booking.id, booking.status, total_price, count(charge.id) as charges,
        coalesce(sum(case when charge.id is null then 0 else payment.amount end), 0) as charged
      from payment join booking on booking.id = payment.booking_id
      left join ledger_entry as charge on ${isEntryOfPayment('charge')} and charge.account like 'organizer:%'
      where payment.status = 'paid'
      group by booking.id, booking.status, total_price
      having case
        when booking.status in ('success', 'partially_refunded') then count(charge.id) <> 1
        when booking.status in ('cancelled', 'refunded') then count(charge.id) > 1
        else count(charge.id) <> 0
      end or (count(charge.id) = 1 and sum(case when charge.id is null then 0 else payment.amount end) <> total_price)`,
    say: ({ id, status, total_price, charges, charged }) =>
      `${status} booking ${id} of ${total_price}: ${charges} charges, ${charged} in all`,
  },
  {
    rule: 'refund total',
    wrong: `select payment.id, payment.amount, sum(refund.amount) as refunds
      from payment join refund on refund.payment_id = payment.id
      group by payment.id, payment.amount having sum(refund.amount) > payment.amount`,
    say: ({ id, amount, refunds }) => `payment ${id} of ${amount}: ${refunds} in refunds`,
  },
  {
    rule: 'refund posting',
    // Paid out by the provider, come back to it, paid by hand: what is left of that is the refund, or nothing.
    wrong: `select concat('refund ', refund.id) as id, case refund.status
          when 'done' then 'is done, and not posted as such' else 'is posted, and no refund that is done' end as problem
      from refund join booking on booking.id = refund.booking_id
      left join ledger_entry as posted on posted.booking_id = refund.booking_id and posted.account = 'customers'
        and posted.currency = refund.currency
        and posted.cause in (concat('refund ', refund.id), concat('refund ', refund.id, ' returned'),
          concat('refund ', refund.id, ' by hand'))
      group by refund.id, refund.status, refund.amount
      having coalesce(sum(posted.amount), 0) <> case refund.status when 'done' then refund.amount else 0 end
      union all
      select cause, 'is posted, and no refund that is done' from ledger_entry
      left join refund on refund.booking_id = ledger_entry.booking_id
        and (cause = concat('refund ', refund.id) or cause like concat('refund ', refund.id, ' %'))
      where cause like 'refund %' and refund.id is null group by cause`,
    say: ({ id, problem }) => `${id} ${problem}`,
  },
  {
    rule: 'booking refunded',
    wrong: `select booking.id, refunded, coalesce(amount, 0) as amount
      from booking
      left join (select booking_id, sum(amount) as amount from refund
        where reason in ('cancelled', 'event_cancelled') group by booking_id) as refunds
        on refunds.booking_id = booking.id
      where refunded <> coalesce(amount, 0)`,
    say: ({ id, refunded, amount }) => `booking ${id}: ${refunded} refunded, ${amount} in refunds`,
  },
  {
    rule: 'ledger causes',
    wrong: `select cause as id, sum(amount) as rest, count(distinct currency) as currencies
      from ledger_entry group by cause having sum(amount) <> 0 or count(distinct currency) > 1`,
    say: ({ id, rest, currencies }) => `${id}: the entries leave ${rest}, in ${currencies} currencies`,
  },
  {
    rule: 'customers account',
    wrong: `select currency as id, sum(posted) as posted, sum(due) as due from (
        select currency, -amount as posted, 0 as due from ledger_entry where account = 'customers'
        union all
        select currency, 0, amount from refund where status <> 'done') as sides
      group by currency having sum(posted) <> sum(due)`,
    say: ({ id, posted, due }) => `${posted} ${id} on its way back by the ledger, ${due} by the refunds`,
  },
  {
    rule: 'orphans',
    wrong: [
      ...(['ticket', 'payment', 'refund'] as const).map((table) => orphans(table, `concat('${table} ', ${table}.id)`)),
      orphans('hold', `concat('hold ', hold.booking_id)`),
      orphans('ledger_entry', `concat('ledger entry ', ledger_entry.id)`),
    ].join(' union all '),
    say: ({ id, booking_id }) => `${id}: there is no booking ${booking_id}`,
  },
]

function orphans(table: string, id: string): string {
  return `select ${id} as id, ${table}.booking_id from ${table}
    left join booking on booking.id = ${table}.booking_id where booking.id is null`
}

/** What breaks the rules that one query can tell. */
export async function diagnoseRows(db: Db): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { rule, wrong, say } of checks) {
    const { rows } = await sql
      .raw<Row & { total: number }>(
        `select wrong.*, count(*) over () as total from (${wrong}) as wrong order by id limit ${shown_max}`,
      )
      .execute(db)
    findings.push(...limited(rule, rows.map(say), rows[0]?.total ?? 0))
  }
  return findings
}
