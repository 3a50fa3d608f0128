import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startApp } from '../../../test/support/app.ts'
import type { Attempt } from './providers/provider.ts'
import { sandbox } from './providers/sandbox.ts'
import { sandboxPath } from './sandbox.routes.ts'

const far = new Date('2999-12-31T12:00:00Z')
let today = new Date('2030-05-01T10:00:00Z')
let isDeaf = false
const told: string[] = []
const { app, deps } = await startApp(
  { now: () => today },
  {
    sandbox: {
      onChange: async (key) => {
        if (isDeaf) throw new Error('nobody listens')
        told.push(key)
      },
    },
  },
)
const provider = sandbox({ ...deps, pageUrl: sandboxPath })

async function aPage(change: Partial<Attempt> = {}) {
  const key = change.key ?? randomBytes(16).toString('hex')
  const { pay_url } = await provider.open({
    key,
    amount: 500_000,
    currency: 'IDR',
    description: '2 × Konser',
    customer: { name: 'Ani', email: 'ani@example.com' },
    created_at: new Date(),
    expires_at: far,
    return_url: undefined,
    ...change,
  })
  return { key, pay_url }
}

const show = (url: string, headers = {}) => app.inject({ url, headers })
const send = (url: string, payload: string, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'POST',
    url,
    payload,
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  })
const buttons = (page: string) => [...page.matchAll(/<button[^>]* value="(\w+)"/g)].map(([, action]) => action)

for (const [action, heading] of [
  ['pay', 'Paid'],
  ['decline', 'Declined'],
  ['close', 'Closed'],
] as const) {
  test(`after ${action} the page says so, has no more buttons, and the change was told once`, async () => {
    const { key, pay_url } = await aPage()
    assert.deepEqual(buttons((await show(pay_url)).body), ['pay', 'decline', 'close'])
    for (let times = 0; times < 2; times++) {
      const { statusCode, headers } = await send(pay_url, `action=${action}&lang=en`)
      assert.deepEqual([statusCode, headers.location], [303, '?lang=en'])
    }
    const { body } = await show(`${pay_url}?lang=en`)
    assert.match(body, new RegExp(`<title>${heading} · IDR\\s500,000`))
    assert.deepEqual(buttons(body), [])
    assert.deepEqual(
      told.filter((one) => one === key),
      [key],
    )
  })
}

test('too late, the page says so and takes the money as late money alone', async () => {
  const { key, pay_url } = await aPage({ expires_at: new Date(today.getTime() + 60_000) })
  today = new Date(today.getTime() + 60_000)
  assert.equal((await send(pay_url, 'action=pay')).statusCode, 303)
  const late = await show(pay_url)
  assert.match(late.body, /Time is up/)
  assert.match(late.body, /ended on 1\sMay\s2030 at\s17:01\sWIB\./)
  assert.deepEqual(buttons(late.body), ['pay_too_late', 'decline', 'close'])
  assert.ok(!told.includes(key))
  await send(pay_url, 'action=pay_too_late')
  assert.match((await show(pay_url)).body, /Paid too late/)
  assert.ok(told.includes(key))
})

test('who can’t be told of a payment does not break its page', async () => {
  const { pay_url } = await aPage()
  isDeaf = true
  assert.equal((await send(pay_url, 'action=pay')).statusCode, 303)
  isDeaf = false
  assert.match((await show(pay_url)).body, /<title>Paid /)
})

test('what has gone back stands on the page', async () => {
  const { key, pay_url } = await aPage()
  await send(pay_url, 'action=pay')
  const payment = { key, reference: key, charge: null }
  await provider.refund({ payment, key: `r-${key}`, amount: 1_234, paid: 500_000, currency: 'IDR' })
  assert.match((await show(`${pay_url}?lang=id`)).body, /Dikembalikan<\/dt>\s*<dd>Rp\s1\.234</)
})

test('text from outside is text: in the description, in the key and in the link back', async () => {
  const attack = `"><script>alert(1)</script><img src=x onerror='y'>`
  const { pay_url } = await aPage({
    key: `"'><svg/onload=x>&`,
    description: attack,
    return_url: `https://shop.example/?a="><script>`,
  })
  const { statusCode, body } = await show(pay_url)
  assert.equal(statusCode, 200)
  assert.doesNotMatch(body, /<script|<img|<svg\/|onerror='/)
  assert.ok(body.includes('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;y&#39;&gt;'))
  assert.match(body, /href="https:\/\/shop\.example\/\?a=%22%3E%3Cscript%3E"/)
  assert.equal((await send(pay_url, 'action=pay')).statusCode, 303)
})

for (const [return_url, link] of [
  ['https://shop.example:8443/done?x=1&y=2', 'https://shop.example:8443/done?x=1&amp;y=2'],
  ['http://localhost:5173/', 'http://localhost:5173/'],
  ['javascript:alert(1)', undefined],
  ['data:text/html,x', undefined],
  ['//shop.example', undefined],
  [undefined, undefined],
] as const) {
  test(`the way back to ${return_url} is ${link ?? 'not there'}`, async () => {
    const { body } = await show((await aPage({ return_url })).pay_url)
    const links = [...body.matchAll(/href="([^"]*)"/g)]
      .map(([, href]) => href)
      .filter((href) => !href!.startsWith('?lang='))
    assert.deepEqual(links, link === undefined ? [] : [link])
  })
}

test('it speaks the language that is asked for, or else the one that the browser likes best', async () => {
  const { pay_url } = await aPage()
  const banner = { en: 'Sandbox: no real money', id: 'Sandbox: bukan uang sungguhan' }
  for (const [query, header, language] of [
    ['?lang=id', 'en', 'id'],
    ['?lang=en', 'id', 'en'],
    ['?lang=fr', 'id-ID,id;q=0.9,en;q=0.8', 'id'],
    ['?lang=id&lang=en', 'fr, en;q=0.5, id;q=0.7', 'id'],
    ['', 'en;q=0.1,id;q=0', 'en'],
    ['', ',;q='.repeat(3_000), 'en'],
    ['', '', 'en'],
  ] as const) {
    const { body } = await show(`${pay_url}${query}`, { 'accept-language': header })
    assert.ok(body.includes(banner[language]) && body.includes(`<html lang="${language}">`), `${query} ${header}`)
  }
  const { body } = await show(`${pay_url}?lang=id`)
  assert.match(body, /Bayar Rp\s500\.000/)
  assert.match(body, /31\sDesember\s2999 pukul\s19\.00\sWIB/)
})

test('its policy allows its own style sheet and form, and nothing else', async () => {
  const { pay_url } = await aPage()
  for (const url of [pay_url, sandboxPath('nothing')]) {
    const { headers, body } = await show(url)
    const [, style] = /<style>([^]*?)<\/style>/.exec(body)!
    const hash = createHash('sha256').update(style!).digest('base64')
    assert.equal(
      headers['content-security-policy'],
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    )
    assert.deepEqual(
      [headers['cache-control'], headers['content-type'], headers['referrer-policy']],
      ['no-store', 'text/html; charset=utf-8', 'no-referrer'],
    )
    assert.doesNotMatch(body, / style="| on\w+="|<script|<link/)
  }
})

for (const key of [
  'nothing',
  'x'.repeat(65),
  'x'.repeat(400),
  '%D0%BA%D0%BB%D1%8E%D1%87',
  '%00',
  '%F0%9F%8E%AB',
  '.',
  '',
]) {
  test(`the key "${key.slice(0, 70)}" is of no payment, and the page says so in either language`, async () => {
    for (const [language, words] of [
      ['en', 'There is no such payment'],
      ['id', 'Pembayaran tidak ditemukan'],
    ]) {
      const url = `/sandbox/payments/${key}?lang=${language}`
      for (const answer of [await show(url), await send(url, `action=pay&lang=${language}`)]) {
        assert.equal(answer.statusCode, 404)
        assert.ok(answer.body.includes(words!))
        assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
      }
    }
  })
}

for (const [what, status, payload, type] of [
  ['no body', 400, '', undefined],
  ['no action', 400, 'lang=en', undefined],
  ['an unknown action', 400, 'action=refund', undefined],
  ['two actions', 303, 'action=decline&action=close', undefined],
  ['an odd language', 400, 'action=pay&lang=fr', undefined],
  ['one field more', 400, 'action=pay&amount=1', undefined],
  ['a prototype', 400, '__proto__=x&constructor=y', undefined],
  ['bytes that are no text', 400, 'action=%FF%FE', undefined],
  ['a form that is too long', 413, `action=pay&lang=${'x'.repeat(2_000)}`, undefined],
  ['JSON', 415, '{"action":"pay"}', 'application/json'],
  ['a form in parts', 415, '--x--', 'multipart/form-data; boundary=x'],
] as const) {
  test(`${what} is answered ${status}`, async () => {
    const { pay_url } = await aPage()
    const { statusCode, headers } = await send(pay_url, payload, type && { 'content-type': type })
    assert.equal(statusCode, status)
    if (status !== 303) assert.equal(headers['content-type'], 'text/html; charset=utf-8')
  })
}

test('a page of another site can’t pay, and other methods are not there', async () => {
  const { pay_url } = await aPage()
  const forged = await send(pay_url, 'action=pay', {
    'sec-fetch-site': 'cross-site',
    origin: 'https://elsewhere.example',
  })
  assert.deepEqual([forged.statusCode, forged.headers['content-type']], [403, 'text/html; charset=utf-8'])
  assert.deepEqual(buttons((await show(pay_url)).body), ['pay', 'decline', 'close'])
  assert.equal((await send(pay_url, 'action=pay', { 'sec-fetch-site': 'same-origin', origin: 'null' })).statusCode, 303)
  const other = await app.inject({ method: 'PUT', url: pay_url })
  assert.deepEqual([other.statusCode, other.headers['allow']], [405, 'GET, HEAD, POST'])
})

test('a form is read on this page alone', async () => {
  assert.equal((await send('/api/v1/auth/login', 'email=a&password=b')).statusCode, 415)
})

test('with accounts it needs none; who asks too often is told so on a page', async () => {
  const few = { account: { requests: 1, window_s: 60 }, address: { requests: 1, window_s: 60 } }
  const rate_limits = { login: few, booking: few, door: few, read: few, write: few }
  const { app, deps } = await startApp({}, { auth: 'on', rate_limits, sandbox: { onChange: async () => {} } })
  const { pay_url } = await sandbox({ ...deps, pageUrl: sandboxPath }).open({
    key: 'k',
    amount: 1,
    currency: 'USD',
    description: '',
    customer: { name: '', email: '' },
    created_at: new Date(),
    expires_at: far,
    return_url: undefined,
  })
  assert.equal((await app.inject(pay_url)).statusCode, 200)
  const { statusCode, headers, body } = await app.inject(pay_url)
  assert.equal(statusCode, 429)
  assert.ok(Number(headers['retry-after']) > 0)
  assert.match(body, /Too many requests/)
})

test('where it is not switched on it is not there, and no document has its pages', async () => {
  const { app: without } = await startApp()
  const { statusCode, json } = await without.inject('/sandbox/payments/x')
  assert.deepEqual([statusCode, json()], [404, { success: false, error: 'route not found' }])
  for (const document of [app.swagger(), app.swaggerV2()]) assert.doesNotMatch(JSON.stringify(document), /\/sandbox/)
})

test('a bug is told on a page, without its text', async () => {
  const { app, deps } = await startApp({}, { sandbox: { onChange: async () => {} } })
  await deps.database.writer.schema.dropTable('sandbox_refund').execute()
  await deps.database.writer.schema.dropTable('sandbox_payment').execute()
  const { statusCode, headers, body } = await app.inject('/sandbox/payments/x?lang=id')
  assert.deepEqual([statusCode, headers['content-type']], [500, 'text/html; charset=utf-8'])
  assert.match(body, /Terjadi kesalahan/)
  assert.doesNotMatch(body, /sandbox_payment/)
})
