import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { killLeftovers, startServer } from '../../test/support/servers.ts'
import { until } from '../../test/support/until.ts'
import { openSqlite } from '../db/sqlite.ts'
import { migrate } from '../db/migrate.ts'
import { exchangeFile } from './exchange-file.ts'

after(killLeftovers)
const folder = mkdtempSync(join(tmpdir(), 'karcis-exchange-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** A database of Karcis with one user of this name, and its bytes. */
async function aDatabase(place: string, name: string): Promise<{ file: string; packed: Buffer }> {
  const file = join(folder, place)
  const database = await openSqlite(file)
  await migrate(database)
  const at = '2026-01-01T00:00:00.000Z'
  await database.writer
    .insertInto('user')
    .values({
      name,
      email: 'a@example.com',
      email_key: 'a@example.com',
      password_hash: '',
      role: 'customer',
      created_at: at,
      updated_at: at,
    } as never) // prettier-ignore
    .execute()
  await database.close()
  return { file, packed: gzipSync(readFileSync(file)) }
}

function namesIn(file: string): string[] {
  const connection = new DatabaseSync(file)
  try {
    assert.deepEqual({ ...connection.prepare('pragma integrity_check').get() }, { integrity_check: 'ok' })
    return connection
      .prepare('select name from user')
      .all()
      .map(({ name }) => String(name))
  } finally {
    connection.close()
  }
}

const kept = await aDatabase('kept.db', 'kept')
const packed = join(folder, 'kept.gz')
writeFileSync(packed, kept.packed)
const silent = () => {}
const beside = (file: string) => readdirSync(folder).filter((name) => join(folder, name).startsWith(`${file}.before-`))

for (const wasThere of [true, false]) {
  test(`a server that starts meanwhile waits, and opens the new file, ${wasThere ? 'not the old one' : 'where there was none'}`, async () => {
    const file = wasThere ? (await aDatabase('busy.db', 'old')).file : join(folder, 'none.db')
    const pipe = join(folder, `pipe-${wasThere}`)
    execFileSync('mkfifo', [pipe])
    const exchanging = exchangeFile(file, pipe, true, silent)
    await until(() => existsSync(`${file}.restoring`))
    const starting = startServer(`sqlite:${file}`)
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    createWriteStream(pipe).end(kept.packed)
    await exchanging
    const server = await starting
    await server.stop()
    assert.deepEqual(namesIn(file), ['kept'])
    assert.deepEqual(
      beside(file).map((name) => namesIn(join(folder, name))),
      wasThere ? [['old']] : [],
    )
  })
}

test('a log whose file was moved away is put aside, and not read into the new file', async () => {
  const { file } = await aDatabase('moved.db', 'old')
  const connection = new DatabaseSync(file)
  connection.exec("pragma journal_mode = wal; pragma wal_autocheckpoint = 0; update user set name = 'changed'")
  // As a crash leaves it: both files, and nobody who has them open.
  for (const end of ['', '-wal']) copyFileSync(`${file}${end}`, `${file}.crashed${end}`)
  connection.close()
  rmSync(file)
  renameSync(`${file}.crashed-wal`, `${file}-wal`)
  const lines: string[] = []
  await exchangeFile(file, packed, false, (line) => lines.push(line))
  assert.deepEqual(namesIn(file), ['kept'])
  assert.match(lines.join('\n'), /moved\.db-wal was there, and is now .*before-.*-wal/)
  assert.match(beside(file).join(), /-wal$/)
})

for (const [what, offset] of [
  ['is no database', 0],
  ['is damaged', 100],
] as const) {
  test(`a file that ${what} is replaced when that is wanted, and kept`, async () => {
    const { file } = await aDatabase(`broken-${offset}.db`, 'old')
    const opened = openSync(file, 'r+')
    writeSync(opened, Buffer.alloc(offset === 0 ? 16 : 300, 0xee), 0, undefined, offset)
    writeFileSync(`${file}-wal`, 'what is left of a log')
    await assert.rejects(exchangeFile(file, packed, false, silent), /is not empty/)
    await exchangeFile(file, packed, true, silent)
    assert.deepEqual(namesIn(file), ['kept'])
    assert.equal(beside(file).length, 2, 'the file and its log')
  })
}
