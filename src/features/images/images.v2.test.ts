import assert from 'node:assert/strict'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import pino from 'pino'
import sharp from 'sharp'
import { startApp } from '../../../test/support/app.ts'
import { memoryFiles } from '../../../test/support/deps.ts'
import { factories } from '../../../test/support/factories.ts'
import { people } from '../../../test/support/people.ts'
import { openSelling } from '../payments/selling.ts'
import { runOutbox } from '../outbox/run-outbox.ts'
import { workOf } from '../../work.ts'

const log = pino({ level: 'silent' })
const files = memoryFiles()
let ahead_ms = 0
const started = await startApp({ files, now: () => new Date(Date.now() + ahead_ms) }, { auth: 'on' })
const { app, deps, call } = started
const { anEvent } = factories(deps)
const organizer = await people(started).signedIn('organizer')
await app.listen({ port: 0, host: '127.0.0.1' })
const { port } = app.server.address() as AddressInfo
const url = `http://127.0.0.1:${port}`

const ownEvent = async () => (await anEvent({ organizer_id: organizer.id })).id
const formOf = (image: Buffer | undefined, alt?: string, name = 'picture.jpg', type = 'image/jpeg') => {
  const form = new FormData()
  if (alt !== undefined) form.set('alt', alt)
  if (image) form.set('image', new Blob([new Uint8Array(image)], { type }), name)
  return form
}
async function post(event: number, body: FormData | Buffer, headers: Record<string, string> = organizer.headers) {
  const answer = await fetch(`${url}/api/v2/events/${event}/images`, {
    method: 'POST',
    headers,
    body: body instanceof FormData ? body : new Uint8Array(body),
  })
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks at what it expects, and fails where it is not
  return { status: answer.status, body: (await answer.json()) as any }
}
const rowsOf = (event: number) =>
  deps.database.db.selectFrom('event_image').selectAll().where('event_id', '=', event).execute()
const { handlers } = workOf(deps, log, openSelling(deps, [], 0))
async function runDue() {
  while ((await runOutbox(deps, handlers, log)) > 0);
}

const plain = (width: number, height: number, background = '#c03020') =>
  sharp({ create: { width, height, channels: 3, background } })
const jpeg = () => plain(640, 480).jpeg().toBuffer()
/** Left half red, right half blue. */
const halves = (width: number, height: number) =>
  plain(width, height, '#ff0000').composite([
    { input: { create: { width: width / 2, height, channels: 3, background: '#0000ff' } }, left: width / 2, top: 0 },
  ])

async function pixel(picture: Buffer, x: number, y: number) {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (y * info.width + x) * info.channels
  return [...data.subarray(at, at + 3)]
}
const near = (one: number[], other: number[]) => one.every((value, index) => Math.abs(value - other[index]!) < 20)

/** The file that a URL of an answer leads to. */
async function served(fileUrl: string): Promise<Buffer> {
  const answer = await fetch(`${url}${new URL(fileUrl).pathname}`)
  assert.equal(answer.status, 200)
  return Buffer.from(await answer.arrayBuffer())
}

for (const [name, make] of [
  ['JPEG', () => plain(2_000, 1_000).jpeg().toBuffer()],
  ['PNG', () => plain(2_000, 1_000).png().toBuffer()],
  ['WebP', () => plain(2_000, 1_000).webp().toBuffer()],
  ['AVIF', () => plain(2_000, 1_000).avif().toBuffer()],
  ['CMYK JPEG', () => plain(2_000, 1_000).toColourspace('cmyk').jpeg().toBuffer()],
  ['grey PNG of 16 bits', () => plain(2_000, 1_000).toColourspace('grey16').png().toBuffer()],
] as const) {
  test(`a ${name} becomes three JPEG, whatever it is called`, async () => {
    const event = await ownEvent()
    const { status, body } = await post(event, formOf(await make(), 'The stage', 'x.gif', 'text/html'))
    assert.equal(status, 201, JSON.stringify(body))
    assert.deepEqual([body.position, body.alt], [1, 'The stage'])
    for (const [size, width] of Object.entries({ small: 400, medium: 800, large: 1_600 })) {
      const file = body.files[size]
      const bytes = await served(file.url)
      const found = await sharp(bytes).metadata()
      assert.deepEqual([file.width, file.height, file.bytes], [width, width / 2, bytes.length])
      assert.deepEqual([found.format, found.width, found.isProgressive], ['jpeg', width, true])
      assert.equal(found.exif ?? found.icc ?? found.xmp, undefined)
    }
    assert.deepEqual((await call('GET', `/api/v2/events/${event}/images`)).body.items, [body])
  })
}

test('a picture is set upright, loses the place where it was taken, and is never enlarged', async () => {
  const picture = await halves(300, 240)
    .withExif({ IFD3: { GPSLatitude: '51/1 30/1 3230/100', GPSLatitudeRef: 'N' }, IFD0: { Artist: 'SECRETNAME' } })
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 100 })
    .toBuffer()
  const found = await sharp(picture).metadata()
  assert.ok(found.exif && found.orientation === 6)
  const { body } = await post(await ownEvent(), formOf(picture))
  const { large } = body.files
  assert.deepEqual([large.width, large.height], [240, 300])
  const bytes = await served(large.url)
  assert.equal((await sharp(bytes).metadata()).exif, undefined)
  assert.ok(!bytes.includes('SECRETNAME') && !bytes.includes('Exif'))
  // Turned by a quarter to the right: what was on the left is on top.
  assert.ok(near(await pixel(bytes, 120, 20), [254, 0, 0]))
  assert.ok(near(await pixel(bytes, 120, 280), [0, 0, 254]))
})

test('what shines through is white, and of what moves the first frame is kept', async () => {
  const clear = await sharp({ create: { width: 300, height: 300, channels: 4, background: '#00000000' } })
    .png()
    .toBuffer()
  const transparent = await post(await ownEvent(), formOf(clear))
  assert.ok(near(await pixel(await served(transparent.body.files.large.url), 9, 9), [255, 255, 255]))
  const frames = await Promise.all(['#ff0000', '#0000ff'].map((colour) => plain(300, 300, colour).png().toBuffer()))
  const moving = await sharp(frames, { join: { animated: true } })
    .webp()
    .toBuffer()
  const still = await post(await ownEvent(), formOf(moving))
  assert.deepEqual([still.body.files.large.width, still.body.files.large.height], [300, 300])
  assert.ok(near(await pixel(await served(still.body.files.large.url), 9, 9), [254, 0, 0]))
})

/** A PNG as its format asks for, with nothing but what is given. */
function png(width: number, height: number, pixels: Buffer): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const ends = Buffer.alloc(8)
    ends.writeUInt32BE(data.length, 0)
    ends.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)])
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

const text = (content: string) => async () => Buffer.from(content)
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><script>alert(1)</script></svg>'
const bomb = png(30_000, 30_000, Buffer.alloc((30_000 / 8 + 1) * 30_000))
const avif = async () => plain(300, 300).avif().toBuffer()

for (const [name, code, make] of [
  ['an SVG with a script', 'unsupported_image', text(svg)],
  ['an SVG that begins as XML', 'unsupported_image', text(`<?xml version="1.0"?>${svg}`)],
  ['a page', 'unsupported_image', text('<!doctype html><script>alert(1)</script>')],
  ['a PDF', 'unsupported_image', text('%PDF-1.7\n%âãÏÓ\n')],
  ['a GIF', 'unsupported_image', () => plain(300, 300).gif().toBuffer()],
  ['a TIFF', 'unsupported_image', () => plain(300, 300).tiff().toBuffer()],
  ['a GIF that is a script, too', 'unsupported_image', text('GIF89a/*xxxx*/=1;alert(1)')],
  [
    'HEIC',
    'unsupported_image',
    async () => Buffer.from((await avif()).toString('latin1').replaceAll('avif', 'heic'), 'latin1'),
  ],
  ['an AVIF in its first box alone', 'image_broken', async () => (await avif()).subarray(0, 40)],
  ['an empty file', 'image_missing', text('')],
  ['a single byte', 'unsupported_image', text('\xff')],
  ['a header and no more', 'image_broken', async () => Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
  ['a JPEG cut off', 'image_broken', async () => (await halves(900, 900).jpeg().toBuffer()).subarray(0, 2_000)],
  ['a PNG cut off', 'image_broken', async () => (await halves(900, 900).png().toBuffer()).subarray(0, -2_000)],
  ['a WebP cut off', 'image_broken', async () => (await halves(900, 900).webp().toBuffer()).subarray(0, -300)],
  ['a small picture', 'image_too_small', () => plain(199, 900).png().toBuffer()],
  ['900 megapixels in a file of 110 KB', 'image_too_large', async () => bomb],
  ['a picture of 65,000 × 65,000 by its header', 'image_too_large', async () => png(65_000, 65_000, Buffer.alloc(9))],
  ['10 MB and a byte', 'image_too_large', async () => Buffer.concat([await jpeg()], 10 * 1024 * 1024 + 1)],
  ['11 MB', 'image_too_large', async () => Buffer.alloc(11 * 1024 * 1024, 0xff)],
] as const) {
  test(`refused, and nothing is left of it: ${name}`, async () => {
    const event = await ownEvent()
    const before = files.names()
    const { status, body } = await post(event, formOf(await make()))
    assert.equal(body.code, code, JSON.stringify(body))
    assert.ok(status >= 400 && status < 500)
    assert.deepEqual(files.names(), before)
    assert.deepEqual(await rowsOf(event), [])
  })
}

test('of what is two things at once, nothing but the picture is kept', async () => {
  const script = '<script>alert(document.domain)</script>'
  const polyglot = Buffer.concat([await jpeg(), Buffer.from(`${script}PK\x03\x04`)])
  const { status, body } = await post(await ownEvent(), formOf(polyglot))
  assert.equal(status, 201)
  for (const size of ['small', 'medium', 'large']) {
    assert.ok(!(await served(body.files[size].url)).includes('script'))
  }
})

test('10 MB to the byte are taken', async () => {
  const whole = Buffer.concat([await jpeg()], 10 * 1024 * 1024)
  assert.equal((await post(await ownEvent(), formOf(whole))).status, 201)
})

test('a strip that is as long as a picture can be is fitted into the bounds', async () => {
  const strip = await plain(200, 60_000).jpeg().toBuffer()
  const { status, body } = await post(await ownEvent(), formOf(strip))
  assert.equal(status, 201)
  assert.equal(body.files.large.height, 3_200)
})

test('words that are not UTF-8 are refused, not mended', async () => {
  const event = await ownEvent()
  const form = (words: Buffer, type = '') =>
    Buffer.concat([
      Buffer.from(`--b\r\ncontent-disposition: form-data; name="alt"${type}\r\n\r\n`),
      words,
      Buffer.from('\r\n--b\r\ncontent-disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'),
      picture,
      Buffer.from('\r\n--b--\r\n'),
    ])
  const picture = await jpeg()
  const headers = { ...organizer.headers, 'content-type': 'multipart/form-data; boundary=b' }
  const latin = Buffer.from('Caf\u00e9', 'latin1')
  const { status, body } = await post(event, form(latin), headers)
  assert.deepEqual([status, body.code], [400, 'invalid_upload'])
  for (const sent of [form(Buffer.from('Café')), form(latin, '\r\ncontent-type: text/plain; charset=iso-8859-1')]) {
    assert.equal((await post(event, sent, headers)).body.alt, 'Café')
  }
})

test('a form that is odd is refused, and says why', async () => {
  const event = await ownEvent()
  const before = files.names()
  const picture = await jpeg()
  const twoFiles = formOf(picture)
  twoFiles.append('image', new Blob([new Uint8Array(picture)]), 'b.jpg')
  const twoWords = formOf(picture, 'a')
  twoWords.append('alt', 'b')
  const misnamed = new FormData()
  misnamed.set('photo', new Blob([new Uint8Array(picture)]), 'a.jpg')
  const unknown = formOf(picture)
  unknown.set('caption', 'x')
  const prototype = formOf(picture)
  prototype.set('__proto__', 'x')
  for (const [form, status, code] of [
    [formOf(undefined), 400, 'image_missing'],
    [formOf(undefined, 'words alone'), 400, 'image_missing'],
    [misnamed, 400, 'image_missing'],
    [twoFiles, 400, 'invalid_upload'],
    [twoWords, 400, 'invalid_upload'],
    [prototype, 400, 'invalid_upload'],
    [unknown, 400, 'invalid_request'],
    [formOf(picture, 'x'.repeat(201)), 400, 'invalid_request'],
    [formOf(picture, 'x'.repeat(5_000)), 400, 'invalid_upload'],
    [formOf(picture, 'a\0b'), 400, 'invalid_request'],
  ] as const) {
    const answer = await post(event, form)
    assert.deepEqual([answer.status, answer.body.code], [status, code], JSON.stringify(answer.body))
  }
  for (const [type, body, status] of [
    ['application/json', '{}', 415],
    ['image/jpeg', picture, 415],
    ['multipart/form-data', 'x', 400],
    ['multipart/form-data; boundary=x', 'x', 400],
    ['multipart/form-data; boundary=x', '--x\r\nnonsense\r\n\r\n', 400],
    [
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="image"; filename="a"\r\n\r\n',
      400,
    ],
  ] as const) {
    const answer = await post(event, Buffer.from(body), { ...organizer.headers, 'content-type': type })
    assert.equal(answer.status, status, `${type} ${JSON.stringify(answer.body)}`)
  }
  assert.deepEqual(files.names(), before)
  assert.deepEqual(await rowsOf(event), [])
})

test('an upload that breaks off, or lies about its length, leaves nothing', async () => {
  const event = await ownEvent()
  const before = files.names()
  const picture = await halves(900, 900).png().toBuffer()
  const part = 'content-disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
  const body = Buffer.concat([Buffer.from(`--x\r\n${part}`), picture, Buffer.from('\r\n--x--\r\n')])
  const send = (length: number, sent: Buffer, end: 'destroy' | 'end') =>
    new Promise<string>((resolve) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(
          `POST /api/v2/events/${event}/images HTTP/1.1\r\nhost: x\r\nauthorization: ${organizer.headers['authorization']}\r\n` +
            `content-type: multipart/form-data; boundary=x\r\ncontent-length: ${length}\r\nconnection: close\r\n\r\n`,
        )
        socket.write(sent, () => (end === 'destroy' ? setTimeout(() => socket.destroy(), 30) : socket.end()))
      })
      socket.on('data', (chunk) => (answer += chunk.toString()))
      socket.on('error', () => {})
      socket.on('close', () => resolve(answer))
    })
  for (const share of [0.1, 0.5, 0.99]) {
    await send(body.length, body.subarray(0, body.length * share), 'destroy')
    await send(body.length + 10, body.subarray(0, body.length * share), 'end')
    assert.match(await send(body.length * share, body.subarray(0, body.length * share), 'end'), /^HTTP\/1.1 4\d\d|^$/)
  }
  assert.match(await send(50 * 1024 * 1024, body.subarray(0, 100), 'end'), /^HTTP\/1.1 4(13|00)/)
  await new Promise((resolve) => setTimeout(resolve, 200))
  assert.deepEqual(files.names(), before)
  assert.deepEqual(await rowsOf(event), [])
  assert.equal((await call('GET', `/api/v2/events/${event}`)).status, 200)
})

test('broken pictures never break the server', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  t.diagnostic(`seed ${seed}`)
  let state = seed
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const picture = halves(240, 220)
  const valid = await Promise.all([
    picture.clone().jpeg().toBuffer(),
    picture.clone().png().toBuffer(),
    picture.clone().webp().toBuffer(),
    picture.clone().avif({ effort: 0 }).toBuffer(),
  ])
  const event = await ownEvent()
  for (let run = 0; run < 150; run++) {
    const spoilt = Buffer.from(valid[run % valid.length]!)
    for (let flips = 1 + random(8); flips > 0; flips--) {
      spoilt[random(random(2) ? spoilt.length : 200) % spoilt.length]! ^= 1 << random(8)
    }
    const before = files.names()
    const { status, body } = await post(event, formOf(spoilt))
    assert.ok(status < 500, `run ${run}: ${JSON.stringify(body)}`)
    if (status >= 300) assert.deepEqual(files.names(), before, `run ${run}`)
    else if (status === 201) await organizer.call('DELETE', `/api/v2/events/${event}/images/${body.id}`)
  }
  await runDue()
})

test('only the organizer of an event gets as far as sending a picture', async () => {
  const other = await people(started).signedIn('organizer')
  const event = await ownEvent()
  const form = formOf(await jpeg())
  assert.equal((await post(event, form, {})).status, 401)
  assert.deepEqual((await post(event, form, other.headers)).body.code, 'not_own_event')
  assert.deepEqual((await post(999_999, form)).body.code, 'event_not_found')
  assert.deepEqual(await rowsOf(event), [])
})

test('the same picture again is the same image, also at the same moment, and another event has its own', async () => {
  const [event, other] = [await ownEvent(), await ownEvent()]
  const picture = await plain(500, 500, '#123456').png().toBuffer()
  const atOnce = await Promise.all([1, 2, 3, 4].map(() => post(event, formOf(picture))))
  assert.equal(atOnce.filter(({ status }) => status === 201).length, 1)
  assert.equal(atOnce.filter(({ status }) => status === 200).length, 3)
  assert.equal(new Set(atOnce.map(({ body }) => body.id)).size, 1)
  assert.equal((await rowsOf(event)).length, 1)
  const elsewhere = await post(other, formOf(picture))
  assert.equal(elsewhere.status, 201)
  assert.equal((await organizer.call('DELETE', `/api/v2/events/${event}/images/${atOnce[0]!.body.id}`)).status, 204)
  await runDue()
  await served(elsewhere.body.files.small.url)
})

test('uploads and removals of one picture at the same moment: what is shown is there, what is not goes', async () => {
  const event = await ownEvent()
  const picture = await plain(450, 300, '#654321').png().toBuffer()
  const outsiders = new Set(files.names())
  for (let round = 0; round < 8; round++) {
    const remove = async () => {
      for (const { id } of await rowsOf(event)) await organizer.call('DELETE', `/api/v2/events/${event}/images/${id}`)
      await runDue()
    }
    await Promise.all([post(event, formOf(picture)), remove(), post(event, formOf(picture)), remove()])
    const { items } = (await call('GET', `/api/v2/events/${event}/images`)).body
    for (const { files } of items) await served(files.large.url)
  }
  // What was written in vain goes an hour later.
  ahead_ms = 61 * 60_000
  await runDue()
  ahead_ms = 0
  const named = (await rowsOf(event)).flatMap((row) => (JSON.parse(row.files) as { name: string }[]).map((f) => f.name))
  const mine = files.names().filter((name) => !outsiders.has(name))
  assert.deepEqual(mine, [...new Set(named)].toSorted())
  for (const name of named) assert.ok(files.names().includes(name))
})

test('an event has ten pictures, in the order that its organizer gives them', async () => {
  const event = await ownEvent()
  const path = `/api/v2/events/${event}/images`
  const ids: number[] = []
  for (let n = 0; n < 10; n++) {
    ids.push((await post(event, formOf(await plain(200, 200, `#${n}0${n}0ff`).png().toBuffer()))).body.id)
  }
  const tooMany = await post(event, formOf(await plain(200, 200, '#ffffff').png().toBuffer()))
  assert.deepEqual([tooMany.status, tooMany.body.code], [409, 'too_many_images'])

  const list = async () => (await call('GET', path)).body.items as { id: number; position: number; alt: string }[]
  const moved = await organizer.call('PATCH', `${path}/${ids[4]}`, { position: 1, alt: 'First' })
  assert.deepEqual([moved.status, moved.body.position, moved.body.alt], [200, 1, 'First'])
  const [a, b, c, d, e, ...rest] = ids
  assert.deepEqual((await list()).map(({ id }) => id), [e, a, b, c, d, ...rest]) // prettier-ignore
  assert.equal((await organizer.call('PATCH', `${path}/${e}`, { position: 1_000 })).body.position, 10)
  assert.equal((await organizer.call('PATCH', `${path}/${e}`, { alt: '' })).body.alt, '')
  assert.equal((await organizer.call('DELETE', `${path}/${a}`)).status, 204)
  assert.deepEqual((await list()).map(({ position }) => position), [1, 2, 3, 4, 5, 6, 7, 8, 9]) // prettier-ignore
  assert.equal((await organizer.call('DELETE', `${path}/${a}`)).body.code, 'image_not_found')
  // A picture is reached by its own event alone.
  const elsewhere = `/api/v2/events/${await ownEvent()}/images/${b}`
  for (const method of ['PATCH', 'DELETE']) {
    assert.equal(
      (await organizer.call(method, elsewhere, method === 'PATCH' ? {} : undefined)).body.code,
      'image_not_found',
    )
  }
})

test('a picture is served for ever, to anyone, and as nothing but a picture', async () => {
  const { body } = await post(await ownEvent(), formOf(await plain(300, 200, '#abcdef').png().toBuffer()))
  const { pathname } = new URL(body.files.large.url)
  const answer = await fetch(`${url}${pathname}`)
  const header = (name: string) => answer.headers.get(name)
  assert.equal(header('content-type'), 'image/jpeg')
  assert.equal(header('cache-control'), 'public, max-age=31536000, immutable')
  assert.equal(header('x-content-type-options'), 'nosniff')
  assert.equal(header('content-disposition'), 'inline')
  assert.equal(header('cross-origin-resource-policy'), 'cross-origin')
  assert.equal(header('content-security-policy'), "default-src 'none'")
  assert.equal(header('content-length'), String(body.files.large.bytes))
  await answer.arrayBuffer()

  const head = await fetch(`${url}${pathname}`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length')], [200, String(body.files.large.bytes)])
  const again = await fetch(`${url}${pathname}`, { headers: { 'if-none-match': header('etag')! } })
  assert.deepEqual([again.status, await again.text()], [304, ''])

  const unknown = `${'0'.repeat(32)}-${'0'.repeat(16)}.jpg`
  for (const name of [unknown, '..%2f..%2fetc%2fpasswd', 'x', '%00', 'a.jpg', `${unknown}%0a`, `../${unknown}`]) {
    const missing = await fetch(`${url}/images/${name}`)
    assert.equal(missing.status, 404, name)
    await missing.text()
  }
  assert.equal((await fetch(`${url}/images/${unknown}`)).headers.get('cache-control'), 'public, max-age=10')
})

test('where the storage fails, the answer is 503, and the row is not there', async (t) => {
  const event = await ownEvent()
  const { DomainError } = await import('../../lib/errors.ts')
  t.mock.method(files, 'put', async () => {
    throw new DomainError('files_unavailable')
  })
  const { status, body } = await post(event, formOf(await plain(300, 210, '#fedcba').png().toBuffer()))
  assert.deepEqual([status, body.code], [503, 'files_unavailable'])
  assert.deepEqual(await rowsOf(event), [])
})
