import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { fakeS3, type Fault } from '../../../test/fakes/s3.ts'
import { DomainError } from '../../lib/errors.ts'
import type { FileStore } from '../../lib/file-store.ts'
import { folderFiles } from './folder-files.ts'
import { s3Files } from './s3-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'karcis-files-'))
const s3 = await fakeS3()
after(() => {
  s3.close()
  rmSync(folder, { recursive: true })
})
const stores: Record<string, FileStore> = {
  'a folder': folderFiles(join(folder, 'deep', 'images')),
  S3: s3Files(s3.settings, { timeout_ms: 300 }),
}
const newName = () => `${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}.jpg`
const isUnavailable = (error: unknown) => error instanceof DomainError && error.code === 'files_unavailable'

async function readOf(files: FileStore, name: string): Promise<Buffer | undefined> {
  const file = await files.open(name)
  if (!file) return undefined
  const bytes = await buffer(file.stream)
  assert.equal(file.bytes, bytes.length)
  return bytes
}

for (const [name, files] of Object.entries(stores)) {
  test(`${name} keeps a file as it is, until it is removed`, async () => {
    const [one, other] = [newName(), newName()]
    const bytes = randomBytes(300_000)
    assert.equal(await readOf(files, one), undefined)
    await files.put(one, bytes, 'image/jpeg')
    await files.put(one, bytes, 'image/jpeg')
    await files.put(other, Buffer.from('x'), 'image/jpeg')
    assert.deepEqual(await readOf(files, one), bytes)
    await files.remove(one)
    await files.remove(one)
    assert.equal(await readOf(files, one), undefined)
    assert.deepEqual(await readOf(files, other), Buffer.from('x'))
  })
}

test('a folder has nothing left in it of a write that died, when the file is removed', async () => {
  const files = stores['a folder']!
  const [name, path] = [newName(), join(folder, 'deep', 'images')]
  await files.put(newName(), Buffer.from('x'), 'image/jpeg')
  writeFileSync(join(path, `${name}.part`), 'half')
  assert.equal(await files.open(name), undefined)
  await files.remove(name)
  assert.equal(existsSync(join(path, `${name}.part`)), false)
  assert.ok(!readdirSync(path).some((one) => one.endsWith('.part')))
})

test('a file that is removed while it is read is read to its end', async () => {
  const files = stores['a folder']!
  const [name, bytes] = [newName(), randomBytes(500_000)]
  await files.put(name, bytes, 'image/jpeg')
  const file = await files.open(name)
  await files.remove(name)
  assert.deepEqual(await buffer(file!.stream), bytes)
})

test('a folder that can’t be written is unavailable', async () => {
  writeFileSync(join(folder, 'file'), '')
  const files = folderFiles(join(folder, 'file'))
  await assert.rejects(files.put(newName(), Buffer.from('x'), 'image/jpeg'), isUnavailable)
  await assert.rejects(files.open(newName()), isUnavailable)
})

test('S3 is told what a file is', async () => {
  const name = newName()
  await stores['S3']!.put(name, Buffer.from('x'), 'image/jpeg')
  assert.deepEqual(s3.kept.get(name), { bytes: Buffer.from('x'), type: 'image/jpeg' })
})

for (const fault of ['error', 'slow', 'cut', 'after', 'cut answer'] satisfies Fault[]) {
  test(`what fails once or twice at S3 is asked again: ${fault}`, async () => {
    const files = stores['S3']!
    const [name, bytes] = [newName(), randomBytes(100_000)]
    s3.faults.push(fault, fault)
    await files.put(name, bytes, 'image/jpeg')
    s3.faults.splice(0, s3.faults.length, fault, fault)
    assert.deepEqual(await readOf(files, name), bytes)
    s3.faults.splice(0, s3.faults.length, fault, fault)
    await files.remove(name)
    s3.faults.length = 0
    assert.equal(s3.kept.has(name), false)
  })
}

test('S3 that fails each time is unavailable, after three tries', async () => {
  const files = stores['S3']!
  for (const ask of [
    () => files.put(newName(), Buffer.from('x'), 'image/jpeg'),
    () => files.open(newName()),
    () => files.remove(newName()),
  ]) {
    s3.asked.length = 0
    s3.faults.push('error', 'cut', 'error')
    await assert.rejects(ask(), isUnavailable)
    assert.equal(s3.asked.length, 3)
  }
})

test('S3 takes nothing from who has another key, and the error tells no secret', async () => {
  for (const wrong of [{ secretAccessKey: 'wrong-secret' }, { accessKeyId: 'AKIDOTHER' }, { region: 'us-east-1' }]) {
    const files = s3Files({ ...s3.settings, ...wrong })
    const error = await files.put(newName(), Buffer.from('x'), 'image/jpeg').catch((error: unknown) => error)
    assert.ok(isUnavailable(error))
    const told = `${(error as Error).stack} ${String((error as Error).cause)}`
    assert.match(told, /answered 403 to a PUT/)
    assert.ok(!told.includes('wrong-secret') && !told.includes(s3.settings.secretAccessKey))
  }
})

test('a bucket that is not there is no file that is not there when something is put', async () => {
  const files = s3Files({ ...s3.settings, bucket: 'other' })
  await assert.rejects(files.put(newName(), Buffer.from('x'), 'image/jpeg'), isUnavailable)
})
