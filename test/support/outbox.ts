import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import type { KyselyPlugin } from 'kysely'
import type { Database } from '../../src/db/database.ts'
import { inTransaction } from '../../src/db/transaction.ts'
import type { Deps } from '../../src/deps.ts'
import { putMail } from '../../src/features/mail/put-mail.ts'
import { putInOutbox, type NewMessage } from '../../src/features/outbox/put.ts'
import { toTimestamp } from '../../src/lib/time.ts'

let count = 0

/** Puts a message into the outbox, due at once unless it says otherwise; its row. */
export async function aMessage(deps: Deps, message: Partial<NewMessage> = {}) {
  const key = message.key ?? `message ${++count}`
  const at = toTimestamp(deps.now())
  await inTransaction(deps.database, (tx) => putInOutbox(tx, { kind: 'test', payload: {}, at, ...message, key }))
  return rowOf(deps, key)
}

/** A message that has failed for good. */
export async function aDeadMessage(deps: Deps): Promise<number> {
  const { id } = await aMessage(deps)
  const dead = { run_at: null, dead_at: toTimestamp(deps.now()), attempts: 12, last_error: 'Error: no' }
  await inTransaction(deps.database, (tx) => tx.updateTable('outbox').set(dead).where('id', '=', id).execute())
  return id
}

/** A mail about an organizer's event that was sent. */
export async function aSentMail({ database, now }: Deps, organizer_id: number): Promise<number> {
  const at = toTimestamp(now())
  return inTransaction(database, async (tx) => {
    const { id } = await tx.selectFrom('user').select('id').orderBy('id').limit(1).executeTakeFirstOrThrow()
    const mail = { kind: 'event_reminder', key: `test ${++count}`, to: { user_id: id }, organizer_id } as const
    await putMail(tx, { ...mail, details: {}, at })
    const sent = await tx
      .updateTable('mail')
      .set({ status: 'sent', sent_at: at, attempts: 1 })
      .where('dedup_key', '=', mail.key)
      .executeTakeFirst()
    if (sent.numUpdatedRows !== 1n) throw new Error('there is no such mail')
    const row = await tx.selectFrom('mail').select('id').where('dedup_key', '=', mail.key).executeTakeFirstOrThrow()
    return row.id
  })
}

export const outboxRows = ({ database }: Deps) => database.db.selectFrom('outbox').selectAll().orderBy('id').execute()

export async function rowOf(deps: Deps, key: string) {
  const row = (await outboxRows(deps)).find(({ dedup_key }) => dedup_key === key)
  if (!row) throw new Error(`there is no message ${key}`)
  return row
}

/** The same database, with `before` called ahead of every query; it may throw. */
export function watched(database: Database, before: () => void): Database {
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      before()
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return { ...database, db: database.db.withPlugin(plugin), writer: database.writer.withPlugin(plugin) }
}

/** A log that keeps its lines. */
export function keptLog() {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>)
  return { log: pino({ base: null, formatters: { level: (level) => ({ level }) } }, { write }), lines }
}

/** Until a condition holds that comes about by itself, be the machine ever so busy. */
export async function eventually(condition: () => boolean | Promise<boolean>, ms_max = 30_000): Promise<void> {
  for (const end = Date.now() + ms_max; !(await condition()); await sleep(5)) {
    if (Date.now() > end) throw new Error('it never came about')
  }
}
