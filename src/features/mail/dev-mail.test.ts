import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import { folderMailer } from './folder-mailer.ts'
import { previewOf } from './preview.ts'

const folder = await mkdtemp(join(tmpdir(), 'karcis-mail-'))
after(() => rm(folder, { recursive: true, force: true }))
const { app } = await startApp({}, { mail_folder: join(folder, 'mail') })
const { app: without } = await startApp()
const get = (url: string) => app.inject(url)

test('before the first mail there is none, and a folder is not needed', async () => {
  const { statusCode, body } = await get('/dev/mail?lang=id')
  assert.equal(statusCode, 200)
  assert.match(body, /Belum ada email/)
})

test('a mail is listed, and shown with all that belongs to it', async () => {
  const mailer = folderMailer(join(folder, 'mail'), 'Karcis <karcis@test>')
  await mailer.send({
    id: 'mail-7',
    to: { name: 'Ani <b>', address: 'ani@example.com' },
    language: 'en',
    ...previewOf('booking_confirmed', 'en'),
    attachments: [{ filename: 'tickets.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF-1.7') }],
  })
  const list = await get('/dev/mail')
  assert.match(list.body, /href="\/dev\/mail\/mail-7"/)
  assert.match(list.body, /Ani &lt;b&gt;/)
  const shown = await get('/dev/mail/mail-7')
  assert.match(shown.body, /You are going!/)
  assert.match(String(shown.headers['content-security-policy']), /default-src 'none'/)
  assert.match((await get('/dev/mail/mail-7/text')).body, /^You are going!/)
  assert.match((await get('/dev/mail/mail-7/eml')).body, /^Message-ID: <mail-7@test>|\nMessage-ID: <mail-7@test>/)
  const pdf = await get('/dev/mail/mail-7/attachments/tickets.pdf')
  assert.deepEqual([pdf.headers['content-type'], pdf.body], ['application/pdf', '%PDF-1.7'])
})

test('nothing else of the folder, or outside of it, is shown', async () => {
  await writeFile(join(folder, 'secret.json'), '{"html":"secret"}')
  await writeFile(join(folder, 'mail', 'mail-7-other.pdf'), 'secret')
  for (const path of [
    '/mail-8',
    '/..%2Fsecret',
    '/mail-7%2F..%2F..%2Fsecret',
    '/mail-7/attachments/other.pdf',
    '/mail-7/attachments/..%2Fmail-7.json',
    '/mail-7/attachments/%00',
    '/secret/eml',
  ]) {
    const { statusCode, body } = await get(`/dev/mail${path}`)
    assert.ok(statusCode === 404 || statusCode === 400, `${path}: ${statusCode}`)
    assert.doesNotMatch(body, /secret"/)
  }
})

test('a server that is not told of a folder has no such page', async () => {
  assert.equal((await without.inject('/dev/mail')).statusCode, 404)
})
