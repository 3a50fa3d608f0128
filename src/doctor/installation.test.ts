import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fakeServer } from '../../test/fakes/fake-provider.ts'
import { fakeMidtrans } from '../../test/fakes/midtrans.ts'
import { fakeS3 } from '../../test/fakes/s3.ts'
import { fakeStripe } from '../../test/fakes/stripe.ts'
import { fakeXendit } from '../../test/fakes/xendit.ts'
import { openTestDatabase } from '../../test/support/database.ts'
import { testDeps } from '../../test/support/deps.ts'
import { aDeadMessage, aMessage } from '../../test/support/outbox.ts'
import { hasRedis, privateRedis } from '../../test/support/private-redis.ts'
import { startSmtp } from '../../test/support/smtp.ts'
import { readConfig } from '../config.ts'
import { s3Files } from '../features/images/s3-files.ts'
import { midtrans } from '../features/payments/providers/midtrans.ts'
import { stripe } from '../features/payments/providers/stripe.ts'
import { xendit } from '../features/payments/providers/xendit.ts'
import { toTimestamp } from '../lib/time.ts'
import { compareClocks } from './clock.ts'
import { examineFiles } from './files.ts'
import { examineInstallation } from './installation.ts'
import { examineProvider, examineSmtp, examineStorage } from './neighbours.ts'
import { examineRedis } from './redis.ts'
import type { Result } from './result.ts'
import { examineSettings } from './settings.ts'

const { database, url, drop } = await openTestDatabase()
after(drop)
const folder = mkdtempSync(join(tmpdir(), 'karcis-doctor-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const secret = 'sangat-rahasia-4711'
const configOf = (env: Record<string, string> = {}) =>
  readConfig({ DATABASE_URL: url, DATA_DIR: folder, ...env }, false)
const textOf = (results: readonly Result[]) =>
  results.map(({ verdict, what, advice }) => `${verdict} ${what} ${advice ?? ''}`).join('\n')

const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://tickets.example',
  TRUST_PROXY: '10.0.0.0/8',
  SMTP_URL: `smtp://karcis:${secret}@mail.example:587`,
}

const settingsCases: [name: string, env: Record<string, string>, expected: RegExp][] = [
  ['nothing is amiss', production, /^(good .*\n?)+$/],
  ['mails go nowhere', { ...production, SMTP_URL: '' }, /^wrong SMTP_URL is not set/m],
  ['mails become files outside production', {}, /^warning SMTP_URL is not set/m],
  [
    'links to the reader',
    { ...production, PUBLIC_URL: 'http://localhost:8080' },
    /^wrong PUBLIC_URL is http:\/\/local/m,
  ],
  ['no address for links', { ...production, PUBLIC_URL: '' }, /^wrong PUBLIC_URL is not set/m],
  ['a proxy that is not named', { ...production, TRUST_PROXY: '' }, /^warning TRUST_PROXY is not set/m],
  ['everyone is a proxy', { ...production, TRUST_PROXY: '0.0.0.0/0' }, /^warning TRUST_PROXY believes everyone/m],
  ['no accounts', { AUTH: 'off' }, /^warning AUTH=off/m],
  ['payments without money', { SANDBOX_PAYMENTS: 'on' }, /^warning SANDBOX_PAYMENTS=on/m],
  [
    'a password from an example',
    { ...production, DATABASE_URL: 'mysql://root:choose-a-password@db.example/karcis' },
    /^warning the password of the database looks like/m,
  ],
  [
    'a test key in production',
    { ...production, STRIPE_SECRET_KEY: `sk_test_${secret}`, STRIPE_WEBHOOK_SECRET: secret },
    /^warning Stripe's key is for tests/m,
  ],
  [
    'webhooks are named',
    { ...production, MIDTRANS_SERVER_KEY: secret, MIDTRANS_MODE: 'production' },
    /good webhooks .*https:\/\/tickets\.example\/api\/v2\/webhooks\/midtrans/,
  ],
]

for (const [name, env, expected] of settingsCases) {
  test(`settings: ${name}`, () => {
    const text = textOf(examineSettings(configOf(env)))
    assert.match(text, expected)
    assert.ok(!text.includes(secret))
  })
}

test('a clock is off by more than the time that the question took', async () => {
  const verdict = async (off_ms: number) => (await compareClocks('it', async () => Date.now() + off_ms)).verdict
  assert.deepEqual(
    [await verdict(0), await verdict(1_500), await verdict(-5_000), await verdict(5_000), await verdict(-60_000)],
    ['good', 'good', 'warning', 'warning', 'wrong'],
  )
})

test('files: a folder that is none, and an embedded database that others can read', async () => {
  const file = join(folder, 'karcis.db')
  writeFileSync(file, '', { mode: 0o644 })
  const look = async (DATA_DIR: string) =>
    textOf(await examineFiles(configOf({ DATABASE_URL: `sqlite:${file}`, DATA_DIR })))
  assert.match(await look(join(folder, 'to-be-made')), /^good .* can be written to .*\n.* free/)
  assert.match(await look(join(file, 'below')), /^wrong .*below can't be written to/m)
  assert.doesNotMatch(await look(folder), /other users/, 'its folder is closed')
  chmodSync(folder, 0o755)
  assert.match(await look(folder), /^warning .*karcis\.db .* can be read by other users/m)
})

test('Redis: sound, full of what can not be thrown out, or away', { skip: !hasRedis && 'no Redis here' }, async () => {
  const redis = await privateRedis()
  await redis.start()
  after(redis.remove)
  const text = textOf(await examineRedis(redis.url))
  assert.match(text, /^good Redis \d/m)
  assert.match(text, /^warning maxmemory is not set/m)
  assert.match(text, /this clock and that of Redis agree/)
  await redis.kill('SIGKILL')
  const away = textOf(await examineRedis(redis.url.replace('//', `//karcis:${secret}@`)))
  assert.match(away, /^wrong Redis can't be used/)
  assert.ok(!away.includes(secret))
})

test('mail: a server that answers and gets no mail, and one that is away', async () => {
  const smtp = await startSmtp()
  assert.match(textOf(await examineSmtp(smtp.url)), /^good 127\.0\.0\.1:\d+ answers/)
  assert.equal(smtp.received.length, 0)
  await smtp.close()
  const away = textOf(await examineSmtp(smtp.url.replace('//', `//karcis:${secret}@`)))
  assert.match(away, /^wrong 127\.0\.0\.1:\d+ can't be used/)
  assert.ok(!away.includes(secret))
})

test('pictures: a file is put there, read and taken away; storage that refuses or is away is wrong', async () => {
  const s3 = await fakeS3()
  after(s3.close)
  assert.match(
    textOf(await examineStorage(s3.settings, s3Files(s3.settings))),
    /^good .* keeps, gives and removes files/,
  )
  assert.equal(s3.kept.size, 0)
  for (const wrong of [{ secretAccessKey: secret }, { endpoint: 'http://127.0.0.1:9' }]) {
    const settings = { ...s3.settings, ...wrong }
    const text = textOf(await examineStorage(settings, s3Files(settings)))
    assert.match(text, /^wrong .*(403|ECONNREFUSED|fetch failed)/)
    assert.ok(!text.includes(secret))
  }
})

test('providers: the right key, the wrong one', async () => {
  for (const fake of [await fakeMidtrans(), await fakeXendit(), await fakeStripe()]) {
    after(fake.stop)
    assert.equal(textOf([await examineProvider(fake.provider())]), `good ${fake.name} takes the key `)
  }
  const server = await fakeServer(() => [401, { status_code: '401', status_message: `wrong key ${secret}` }])
  after(server.stop)
  const http = { retries_max: 0 }
  const baseUrl = server.url
  for (const provider of [
    midtrans({ serverKey: secret, isProduction: false, baseUrls: { app: baseUrl, api: baseUrl }, http }),
    xendit({ secretKey: secret, callbackToken: 'x', baseUrl, http }),
    stripe({ secretKey: secret, webhookSecret: 'x', baseUrl, http }),
  ]) {
    const { verdict, what } = await examineProvider(provider)
    assert.equal(verdict, 'wrong', what)
    assert.ok(!what.includes(secret))
  }
})

test('work that nobody does, and a message that is dead', async () => {
  const deps = testDeps(database)
  const groups = async () => {
    const all = await examineInstallation(configOf(), { deps })
    return textOf(all.flatMap(({ results }) => results))
  }
  assert.match(await groups(), /^good no message of the outbox is overdue/m)
  const at = toTimestamp(new Date(Date.now() - 3_600_000))
  await aMessage(deps, { run_at: at })
  await aDeadMessage(deps)
  const text = await groups()
  assert.match(text, /^wrong the oldest message of the outbox has been due for 3\d{3} s/m)
  assert.match(text, /^warning 1 dead messages/m)
})

test('what hangs is named, and hides nothing else', async () => {
  const hanging = createServer().listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  after(() => hanging.close())
  const { port } = hanging.address() as AddressInfo
  const config = configOf({ SMTP_URL: `smtp://127.0.0.1:${port}` })
  const groups = await examineInstallation(config, { reason: 'it is away' }, { group_ms_max: 300 })
  const text = textOf(groups.flatMap(({ results }) => results))
  assert.match(text, /^wrong this could not be looked at: no end within 0\.3 s/m)
  assert.match(text, /^wrong it is away/m)
  assert.match(text, /free/)
})
