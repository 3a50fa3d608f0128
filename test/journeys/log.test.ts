import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { databaseTargetFromUrl } from '../../src/config.ts'
import { openDatabase } from '../../src/db/database.ts'
import { anApiKey, bearer, until } from '../support/access-ground.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { countMails } from '../support/links.ts'
import { testDeps } from '../support/deps.ts'
import { http, killLeftovers, startServer } from '../support/servers.ts'

after(killLeftovers)

const passwords = {
  admin: 'admin-Pw-4711',
  own: 'own-Pw-4712',
  wrong: 'wrong-Pw-4713',
  next: 'next-Pw-4714',
  last: 'last-Pw-4715',
}

for (const NODE_ENV of ['production', 'development']) {
  test(`no secret is in the log, in ${NODE_ENV}, whatever was asked and refused`, async () => {
    const { url, drop } = await createEmptyDatabase()
    const server = await startServer(url, {
      AUTH: 'on',
      NODE_ENV,
      LOG_LEVEL: 'debug',
      ADMIN_EMAIL: 'admin@example.com',
      ADMIN_PASSWORD: passwords.admin,
    })
    const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
      http(method, `${server.url}/api/v1${path}`, body, headers)
    const secrets = new Set<string>(Object.values(passwords))
    const keep = <Text extends string>(secret: Text): Text => (secrets.add(secret), secret)

    const email = 'ani@example.com'
    const ani = { name: 'Ani', email, password: passwords.own, role: 'organizer' }
    const { id } = (await call('POST', '/users/register', ani)).body.data as { id: number }
    await call('POST', '/users/register', ani)
    const login = async (password: string) => {
      const { body } = await call('POST', '/auth/login', { email, password })
      keep(body.data.refresh_token as string)
      return bearer(keep(body.data.access_token as string))
    }
    const refreshed = async (refresh_token: string) =>
      (await call('POST', '/auth/refresh', { refresh_token })).body.data

    assert.equal((await call('POST', '/auth/login', { email, password: passwords.wrong })).status, 401)
    const own = await login(passwords.own)
    const { refresh_token } = (await call('POST', '/auth/login', { email, password: passwords.own })).body.data
    const next = await refreshed(keep(refresh_token as string))
    keep(next.access_token as string)
    keep(next.refresh_token as string)
    assert.equal(await refreshed(refresh_token as string), undefined, 'a second time')

    // In places where it does not belong.
    const token = own.authorization.slice('Bearer '.length)
    await call('GET', `/events?access_token=${token}&password=${passwords.own}`)
    await call('GET', '/auth/me', undefined, bearer(`${token}x`))
    await call('GET', '/auth/me', undefined, { authorization: `Basic ${keep(btoa(`${email}:${passwords.own}`))}` })
    await call('POST', '/auth/login', { email: passwords.own, password: { nested: passwords.own } })
    await fetch(`${server.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"password":"${passwords.own}"`,
    })

    const signedIn = await fetch(`${server.url}/api/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password: passwords.own, cookie: true }),
    })
    const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
    keep(cookie.split('=')[1]!)
    await call('POST', '/auth/refresh', undefined, { cookie })
    const renewed = await fetch(`${server.url}/api/v1/auth/refresh`, {
      method: 'POST',
      headers: { cookie, 'x-csrf-protection': '1' },
    })
    assert.equal(renewed.status, 200)
    keep(renewed.headers.get('set-cookie')!.split(';')[0]!.split('=')[1]!)

    const database = await openDatabase(databaseTargetFromUrl(url), 2)
    const key = keep(await anApiKey(testDeps(database), id, ['read']))
    assert.equal((await call('GET', '/bookings', undefined, bearer(key))).status, 200)
    assert.equal((await call('POST', '/bookings', {}, bearer(key))).status, 403)
    assert.equal((await call('GET', '/bookings', undefined, bearer(`${key}x`))).status, 401)

    const change = { current_password: passwords.own, new_password: passwords.next }
    assert.equal((await call('POST', '/auth/password', change, own)).status, 200)
    assert.equal((await call('POST', '/auth/password', change, own)).status, 403)
    assert.equal((await call('PUT', `/users/${id}`, { password: passwords.last }, own)).status, 200)
    await login(passwords.last)

    await call('POST', '/auth/forgot', { email })
    await until(async () => (await countMails(testDeps(database), email, 'password_reset')) > 0)
    await call('POST', '/auth/reset', { token: keep('karcis_pr_wrong-one-4716'), new_password: passwords.next })

    // An error that nobody foresaw is logged whole: it must not have what was asked in it.
    await database.writer.schema.dropTable('refresh_token').execute()
    const failed = await call('POST', '/auth/login', { email, password: passwords.last })
    assert.deepEqual([failed.status, failed.body.error], [500, 'internal server error'])

    const { rows } = await hashesOf(database)
    await database.close()
    assert.equal(await server.stop(), 0)
    const output = server.output()
    assert.match(output, /"unhandled error"/)
    assert.ok((output.match(/"msg":"request"/g) ?? []).length > 15)
    assert.ok(secrets.size > 14)
    for (const secret of [...secrets, ...rows]) assert.ok(!output.includes(secret), secret)
    assert.doesNotMatch(output, /karcis_(rt|pr|key)_|eyJ|\$2[aby]\$|[Cc]ookie|authorization/)
    await drop()
  })
}

async function hashesOf({ db }: Awaited<ReturnType<typeof openDatabase>>): Promise<{ rows: string[] }> {
  const users = await db.selectFrom('user').select('password_hash as text').execute()
  const keys = await db.selectFrom('signing_key').select('secret as text').execute()
  return { rows: [...users, ...keys].map(({ text }) => text) }
}
