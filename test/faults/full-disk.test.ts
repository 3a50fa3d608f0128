import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { assertBooksBalance } from '../support/books.ts'
import { startApp } from '../support/app.ts'
import { onSqlite } from '../support/database.ts'
import { factories } from '../support/factories.ts'

const folder = mkdtempSync(join(tmpdir(), 'karcis-full-'))
/** A disk of its own that is soon full, which only root may make. */
const disk = onSqlite && mounted(folder)
after(() => {
  if (disk) execFileSync('umount', ['--lazy', folder])
  rmSync(folder, { recursive: true, force: true })
})

const reason = onSqlite ? 'a disk of its own takes root' : 'about the embedded database'
test(
  'a full disk under SQLite: 503, nothing half there, and on it goes when there is room',
  { skip: !disk && reason },
  async () => {
    process.env['TMPDIR'] = folder
    const { call, deps } = await startApp()
    const { aCustomer, anEvent } = factories(deps)
    const customer_id = (await aCustomer()).id
    const event_id = (await anEvent({ capacity: 100_000 })).id
    const book = () => call('POST', '/bookings', { customer_id, event_id, quantity: 50 })
    await book()
    fill(join(folder, 'filler'))
    const statuses: number[] = []
    for (let n = 0; n < 40; n++) statuses.push((await book()).status)
    assert.ok(statuses.includes(503), statuses.join())
    assert.ok(
      statuses.every((status) => status === 201 || status === 503),
      statuses.join(),
    )
    assert.equal((await call('GET', `/events/${event_id}`)).status, 200, 'reading goes on')
    await assertBooksBalance(deps.database.db)
    rmSync(join(folder, 'filler'))
    assert.equal((await book()).status, 201)
    await assertBooksBalance(deps.database.db)
  },
)

function mounted(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Takes all the room that is left. */
function fill(file: string): void {
  const block = Buffer.alloc(4_096)
  const descriptor = openSync(file, 'w')
  try {
    for (;;) writeSync(descriptor, block)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  } finally {
    closeSync(descriptor)
  }
}
