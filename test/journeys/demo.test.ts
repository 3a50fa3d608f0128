import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

const demo = spawn(process.execPath, ['karcis.js', 'demo'], {
  env: { ...process.env, PORT: '0', LOG_FORMAT: 'json', NODE_ENV: 'production', SMTP_URL: 'smtp://nobody.invalid' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
let printed = ''
demo.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
const ended = new Promise((resolve) => demo.on('exit', resolve))
after(async () => {
  demo.kill()
  await ended
})

/** Until it is so, for ten seconds at most. */
async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (let turn = 0; turn < 200; turn++) {
    const found = await look()
    if (found !== undefined) return found
    await sleep(50)
  }
  return assert.fail('it never came')
}

test('the lines that the demo prints go from the booking to the door', async () => {
  await until(() => (printed.includes('Stop with Ctrl-C') ? true : undefined))
  const lines = [...printed.matchAll(/^\d\. .*\n {2}(.+)$/gm)].map(([, line]) => line!)
  const [logIn, book, bookingUrl, mailUrl, organizer, scan] = lines as [string, string, string, string, string, string]
  assert.equal(lines.filter((line) => line.includes('curl')).length, 4)
  const paste = (...pasted: string[]) => {
    const { stdout, stderr, status } = spawnSync('bash', ['-c', pasted.join('\n')], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout) as Record<string, unknown>
  }

  assert.equal(paste(logIn, book)['status'], 'pending')

  // What a browser does on the two pages.
  const page = await (await fetch(bookingUrl)).text()
  const form = /<form[^>]*action="([^"]*\/go\/booking\/payment[^"]*)"/.exec(page)
  assert.ok(form, page)
  const token = new URL(bookingUrl).searchParams.get('token')!
  const toPay = await fetch(new URL(form[1]!.replaceAll('&amp;', '&'), bookingUrl), {
    method: 'POST',
    body: new URLSearchParams({ token, provider: 'sandbox' }),
    redirect: 'manual',
  })
  assert.equal(toPay.status, 303)
  const payUrl = toPay.headers.get('location')!
  const paid = await fetch(payUrl, { method: 'POST', body: new URLSearchParams({ action: 'pay' }), redirect: 'manual' })
  assert.ok(paid.status < 400, String(paid.status))

  const mail = await until(async () => {
    const list = await (await fetch(mailUrl)).text()
    return /href="(\/dev\/mail\/mail-\d+)\/attachments\/(tickets|tiket)\.pdf"/.exec(list)?.[0]
  })
  const pdf = await fetch(new URL(/"(.*)"/.exec(mail)![1]!, mailUrl))
  assert.equal(pdf.headers.get('content-type'), 'application/pdf')
  assert.equal(
    Buffer.from(await pdf.arrayBuffer())
      .subarray(0, 5)
      .toString(),
    '%PDF-',
  )

  assert.equal(paste(logIn, organizer, scan)['outcome'], 'admitted')
  const again = paste(logIn, organizer, scan) as { code: string; used: { door: string } }
  assert.deepEqual([again.code, again.used.door], ['already_admitted', 'Gate A'])
})
