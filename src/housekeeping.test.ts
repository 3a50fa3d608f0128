import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inTransaction } from './db/transaction.ts'
import { record } from './features/audit/record.ts'
import { putMail } from './features/mail/put-mail.ts'
import { keepUnder } from './features/idempotency/idempotency.ts'
import { cleanUp } from './housekeeping.ts'
import { system } from './lib/caller.ts'
import { toTimestamp } from './lib/time.ts'
import { startApp } from '../test/support/app.ts'

const { deps } = await startApp()
const kept = { purge_days: 30, audit_days: 730, mail_folder: undefined }
const daysAgo = (days: number) => new Date(deps.now().getTime() - days * 86_400_000)

test('all that has served its time goes in one turn, however much it is', async () => {
  const yesterday = () => new Date(deps.now().getTime() - 25 * 3_600_000)
  await inTransaction(deps.database, async (tx) => {
    for (let i = 0; i < 1_200; i++) {
      await keepUnder({ scope: 'user 1', key: `k-${i}`, fingerprint: 'f' }, yesterday)!(tx, { id: i })
    }
    await keepUnder({ scope: 'user 1', key: 'of today', fingerprint: 'f' }, deps.now)!(tx, { id: 1 })
  })
  assert.equal((await cleanUp(deps, kept))['idempotency_keys'], 1_200)
  const left = await deps.database.db.selectFrom('idempotency_key').select('idempotency_key as key').execute()
  assert.deepEqual(
    left.map(({ key }) => key),
    ['of today'],
  )
})

test('who did what is forgotten after its days, and never if that is wished', async () => {
  await inTransaction(deps.database, async (tx) => {
    for (const days of [731, 800, 729, 0]) {
      await record(tx, system, toTimestamp(daysAgo(days)), { action: `of ${days}`, entity: 'user', entity_id: 1 })
    }
  })
  const left = async () => {
    const entries = await deps.database.db.selectFrom('audit_entry').select('action').orderBy('id').execute()
    return entries.map(({ action }) => action).filter((action) => action.startsWith('of '))
  }
  assert.equal((await cleanUp(deps, { ...kept, audit_days: 0 }))['audit_entries'], 0)
  assert.equal((await left()).length, 4)
  assert.equal((await cleanUp(deps, kept))['audit_entries'], 2)
  assert.deepEqual(await left(), ['of 729', 'of 0'])
})

test('mails that failed long ago are forgotten as those that went out, and those that wait are not', async () => {
  const at = toTimestamp(daysAgo(91))
  for (const status of ['failed', 'sent', 'waiting'] as const) {
    await inTransaction(deps.database, async (tx) => {
      await putMail(tx, { kind: 'welcome', key: `old ${status}`, to: { user_id: 1 }, details: {}, at })
      await tx.updateTable('mail').set({ status }).where('dedup_key', '=', `old ${status}`).execute()
    })
  }
  assert.equal((await cleanUp(deps, kept))['mails'], 2)
})

test('files of mails are removed after thirty days', async () => {
  const mail_folder = mkdtempSync(join(tmpdir(), 'karcis-mail-'))
  for (const [name, days] of [
    ['old.eml', 31],
    ['new.eml', 29],
  ] as const) {
    writeFileSync(join(mail_folder, name), '')
    utimesSync(join(mail_folder, name), daysAgo(days), daysAgo(days))
  }
  assert.equal((await cleanUp(deps, { ...kept, mail_folder }))['mail_files'], 1)
  assert.deepEqual(readdirSync(mail_folder), ['new.eml'])
  assert.equal((await cleanUp(deps, { ...kept, mail_folder: join(mail_folder, 'none') }))['mail_files'], 0)
  rmSync(mail_folder, { recursive: true })
})
