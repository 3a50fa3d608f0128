import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { backup, restoreBackup } from '../../src/backup-command.ts'
import { databaseTargetFromUrl, readConfig } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { migrate } from '../../src/db/migrate.ts'
import { startCrowd } from '../faults/load.ts'
import { assertBooksBalance } from '../support/books.ts'
import { createEmptyDatabase, onSqlite } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { eventually } from '../support/outbox.ts'
import { killLeftovers, startServer } from '../support/servers.ts'

after(killLeftovers)
const folder = mkdtempSync(join(tmpdir(), 'karcis-backup-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const source = await createEmptyDatabase()
after(source.drop)
const DATA_DIR = join(folder, 'data')
const configOf = (DATABASE_URL: string, DATA_DIR: string) => readConfig({ DATABASE_URL, DATA_DIR }, false)
const config = configOf(source.url, DATA_DIR)
const kept = join(folder, 'kept')
/** Answered 201 before the backup began. */
let booked: number[] = []

test('a backup under load holds every booking that was answered before it began', async () => {
  const database = await openDatabase(databaseTargetFromUrl(source.url), 1)
  await migrate(database)
  const { aCustomer, anEvent } = factories(testDeps(database))
  const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 1_000_000 })).id }
  await database.close()
  mkdirSync(join(DATA_DIR, 'images'), { recursive: true })
  writeFileSync(join(DATA_DIR, 'images', 'a-picture.webp'), 'picture')
  writeFileSync(join(DATA_DIR, 'images', 'half.webp.part'), 'pict')

  const server = await startServer(source.url)
  const crowd = startCrowd(server.url, 10, order)
  await eventually(() => crowd.told.booked.length > 50)
  booked = [...crowd.told.booked]
  await backup(config, [kept], () => {})
  const told = await crowd.stop()
  assert.ok(told.booked.length > booked.length, 'they booked on meanwhile')
  assert.deepEqual([...told.statuses.keys()], [201], 'and nobody was refused')
  assert.deepEqual(readdirSync(join(kept, 'images')), ['a-picture.webp'])
  assert.deepEqual(readdirSync(folder).toSorted(), ['data', 'kept'], 'nothing is left beside it')

  await assert.rejects(() => backup(config, [kept], () => {}), /is there already/)
  await assert.rejects(() => restoreBackup(config, [kept, '--replace'], () => {}), /Stop all servers and workers first/)
  await server.stop()
})

test('restored into an empty database, the books are sound and all of it is there', async () => {
  const target = await createEmptyDatabase()
  const elsewhere = configOf(target.url, join(folder, 'elsewhere'))
  const lines: string[] = []
  assert.equal(await restoreBackup(elsewhere, [kept], (line) => lines.push(line)), true)
  assert.match(lines.join('\n'), /All books balance/)
  assert.equal(readFileSync(join(folder, 'elsewhere', 'images', 'a-picture.webp'), 'utf8'), 'picture')

  const database = await openDatabase(databaseTargetFromUrl(target.url), 2)
  const rows = await database.db.selectFrom('booking').select('id').execute()
  const there = new Set(rows.map(({ id }) => id))
  assert.deepEqual(
    booked.filter((id) => !there.has(id)),
    [],
  )
  await assertBooksBalance(database.db)
  await database.close()

  await assert.rejects(() => restoreBackup(elsewhere, [kept], () => {}), /is not empty/)
  assert.equal(await restoreBackup(elsewhere, [kept, '--replace'], () => {}), true)
  await target.drop()
})

test('what is damaged, of another database or of a later version is refused, and nothing is touched', async () => {
  const target = await createEmptyDatabase()
  const elsewhere = configOf(target.url, folder)
  const manifest = JSON.parse(readFileSync(join(kept, 'manifest.json'), 'utf8')) as { file: { name: string } }
  const copyWith = (name: string, changes: object, cut = 0) => {
    const place = join(folder, name)
    mkdirSync(place)
    writeFileSync(join(place, 'manifest.json'), JSON.stringify({ ...manifest, ...changes }))
    const bytes = readFileSync(join(kept, manifest.file.name))
    writeFileSync(join(place, manifest.file.name), bytes.subarray(0, bytes.length - cut))
    return place
  }
  const cases: [place: string, expected: RegExp][] = [
    [join(folder, 'data'), /holds no backup/],
    [copyWith('cut', {}, 10), /is damaged, or cut off/],
    [copyWith('later', { migration: '9999-something-new' }), /of a later version of Karcis/],
    [copyWith('newest', { format: 2 }), /can't be read, or is of a later version/],
    [copyWith('other', { dialect: onSqlite ? 'mysql' : 'sqlite' }), /is a backup of/],
  ]
  for (const [place, expected] of cases) {
    await assert.rejects(() => restoreBackup(elsewhere, [place], () => {}), expected)
  }
  await assert.rejects(() => restoreBackup(elsewhere, [], () => {}), /Name one folder/)
  const database = await openDatabase(elsewhere.database, 1)
  assert.deepEqual(await database.db.introspection.getTables(), [])
  await database.close()
  await target.drop()
})
