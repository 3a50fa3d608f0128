import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { createClient } from 'redis'
import type { Shared } from '../lib/fresh-cache.ts'
import { openRedis, type Redis } from '../lib/redis-client.ts'
import { hasRedis, privateRedis } from '../../test/support/private-redis.ts'
import type { PublicAnswer } from './public-answers.ts'
import { redisAnswers } from './redis-answers.ts'

const skip = !hasRedis && 'redis-server is not installed'
const redis = await privateRedis()
const links: Redis[] = []
const observer = createClient({ url: redis.url })
observer.on('error', () => {})
after(async () => {
  for (const link of links) link.close()
  if (observer.isOpen) observer.destroy()
  await redis.remove()
})
if (hasRedis) {
  await redis.start()
  await observer.connect()
}

/** What one server sees of Redis. Tests may keep this process busy for longer than a request waits, so asking is tried again. */
async function aServer(database = 'one database', shapes = 'shapes') {
  const link = openRedis(redis.url, pino({ level: 'silent' }))
  links.push(link)
  await until(() => link.counts().is_up)
  const answers = redisAnswers(link, database, shapes)
  const find = async (name: string, tag = 'event 1'): Promise<Shared<PublicAnswer>> => {
    for (;;) {
      const { lost } = link.counts()
      const shared = await answers.find(tag, name)
      if (link.counts().lost === lost) return shared
      await until(() => link.counts().is_up)
    }
  }
  return { link, answers, find }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const start = Date.now(); !isTrue(); await sleep(10)) assert.ok(Date.now() - start < 10_000, 'not within 10 s')
}

const answer: PublicAnswer = { body: '{"title":"Konser\\n\\u2603 ☃"}', etag: '"1.5.0"', next_cursor: null }
/** Redis carries out what comes over one connection in order, so a reading that follows sees what was left. */
const leave = async ({ find }: Awaited<ReturnType<typeof aServer>>, name: string, what = answer, age_ms = 0) => {
  const { keep } = await find(name)
  keep!(what, age_ms)
  return find(name)
}

test(
  'what one server left is found by another with its age, and by none of other data or shapes',
  { skip },
  async () => {
    const [one, two] = [await aServer(), await aServer()]
    await leave(one, 'found', { ...answer, next_cursor: 'further' }, 300)
    const { found } = await two.find('found')
    assert.deepEqual(found?.value, { ...answer, next_cursor: 'further' })
    assert.ok(found.age_ms >= 300 && found.age_ms < 1_000, String(found.age_ms))
    for (const other of [await aServer('another'), await aServer('one database', 'new shapes')]) {
      assert.equal((await other.find('found')).found, undefined)
    }
  },
)

test('it is gone when it is a second old, and what is too old or too long is not left', { skip }, async () => {
  const one = await aServer()
  const { found } = await leave(one, 'short-lived', answer, 900)
  assert.ok(found === undefined || found.age_ms >= 900)
  await sleep(150)
  assert.equal((await one.find('short-lived')).found, undefined)
  assert.equal((await leave(one, 'old', answer, 1_000)).found, undefined)
  assert.equal((await leave(one, 'long', { ...answer, body: 'x'.repeat(300_000) })).found, undefined)
})

test('a commit ends what was left before it, also what was read before it and is left after it', { skip }, async () => {
  const [reader, writer, third] = [await aServer(), await aServer(), await aServer()]
  await leave(reader, 'page')
  const late = await reader.find('late')
  writer.answers.drop(['event 1'])
  await until(() => writer.link.counts().is_up)
  // Behind the mark on its connection.
  await writer.link.client.ping()
  late.keep!(answer, 0)
  await reader.link.client.ping()
  assert.deepEqual([(await third.find('page')).found, (await third.find('late')).found], [undefined, undefined])
  // The writer itself takes nothing of the tag for now, nor leaves anything.
  assert.deepEqual(await writer.find('page'), {})
  assert.ok((await leave(third, 'page')).found)
  assert.ok((await reader.find('page')).found)
  assert.deepEqual(await writer.find('page'), {})
  assert.ok((await writer.find('page', 'event 2')).keep)
})

test('many tags changed at once are all remembered, if need be by trusting none', { skip }, async () => {
  const one = await aServer()
  one.answers.drop(Array.from({ length: 10_005 }, (_, n) => `event ${n}`))
  for (const tag of ['event 0', 'event 10004']) assert.deepEqual(await one.answers.find(tag, 'page'), {})
})

test('what somebody else has put there is not taken', { skip }, async () => {
  const one = await aServer('a database without marks')
  await leave(one, 'odd')
  const [key] = await observer.keys('karcis:answers:*:odd')
  for (const odd of ['', '{}', 'x\ny', '[]\n{}', '["",1,2,3]\n{}', `["",${Date.now() + 60_000},"e",null]\n{}`]) {
    await observer.set(key!, odd)
    assert.equal((await one.find('odd')).found, undefined, odd)
  }
  await observer.set(key!, `["",${Date.now()},"e",null]\n{}`)
  assert.deepEqual((await one.find('odd')).found?.value, { body: '{}', etag: 'e', next_cursor: null })
  await observer.del(key!)
  await observer.lPush(key!, 'a list')
  assert.equal((await one.find('odd')).found, undefined)
})

test('a Redis that is frozen keeps nobody waiting, is asked no more, and is back by itself', { skip }, async () => {
  const one = await aServer()
  const { lost } = one.link.counts()
  await redis.kill('SIGSTOP')
  const start = performance.now()
  assert.deepEqual(await one.answers.find('event 1', 'frozen'), {})
  assert.deepEqual(await one.answers.find('event 1', 'frozen'), {})
  assert.ok(performance.now() - start < 200)
  assert.deepEqual(one.link.counts(), { lost: lost + 1, is_up: false })
  await redis.kill('SIGCONT')
  await until(() => one.link.counts().is_up)
  assert.ok((await leave(one, 'back')).found)
})
