import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pino from 'pino'
import { createClient } from 'redis'
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

const answer: PublicAnswer = { body: '{"title":"Konser\\n\\u2603 ☃"}', etag: '"1.5.0"', next_cursor: null }

/** What servers on one database see of Redis, to each attempt at a test anew. */
function ground() {
  const ours: Redis[] = []
  const own = `database ${links.length}`
  return {
    lost: () => ours.reduce((sum, link) => sum + link.counts().lost, 0),
    async aServer(database = own, shapes = 'shapes') {
      const link = openRedis(redis.url, pino({ level: 'silent' }))
      links.push(link)
      ours.push(link)
      await until(() => link.counts().is_up)
      const answers = redisAnswers(link, database, shapes)
      const find = (name: string, tag = 'event 1') => answers.find(tag, name)
      /** Redis carries out what comes over one connection in order, so who asks next finds what was left. */
      const leave = async (name: string, what = answer, age_ms = 0) => {
        const { keep } = await find(name)
        keep!(what, age_ms)
        return find(name)
      }
      return { link, answers, find, leave }
    },
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const start = Date.now(); !isTrue(); await sleep(10)) assert.ok(Date.now() - start < 10_000, 'not within 10 s')
}

/**
 * Busy with other tests, this machine may keep Redis from answering in time: it counts as lost then, as it should, and
 * the test is tried again.
 */
function testWithRedis(name: string, work: (aServer: ReturnType<typeof ground>['aServer']) => Promise<void>): void {
  test(name, { skip }, async () => {
    for (let attempt = 1; ; attempt++) {
      const { aServer, lost } = ground()
      try {
        return await work(aServer)
      } catch (error) {
        if (lost() === 0 || attempt === 5) throw error
      }
    }
  })
}

testWithRedis('what one server left is found by others of its database and shapes, with its age', async (aServer) => {
  const [one, two] = [await aServer(), await aServer()]
  await one.leave('page', { ...answer, next_cursor: 'further' }, 300)
  const { found } = await two.find('page')
  assert.deepEqual(found?.value, { ...answer, next_cursor: 'further' })
  assert.ok(found.age_ms >= 300 && found.age_ms < 1_000, String(found.age_ms))
  for (const other of [await aServer('another'), await aServer(undefined, 'new shapes')]) {
    const { found, keep } = await other.find('page')
    assert.deepEqual([found, typeof keep], [undefined, 'function'])
  }
})

testWithRedis('it is gone when it is a second old, and what is too old or too long is not left', async (aServer) => {
  const one = await aServer()
  await one.leave('page', answer, 900)
  await sleep(150)
  for (const { found, keep } of [
    await one.find('page'),
    await one.leave('old', answer, 1_000),
    await one.leave('long', { ...answer, body: 'x'.repeat(300_000) }),
  ]) {
    assert.deepEqual([found, typeof keep], [undefined, 'function'])
  }
})

testWithRedis('a commit ends what was read before it, also what is left after it', async (aServer) => {
  const [reader, writer, third] = [await aServer(), await aServer(), await aServer()]
  await reader.leave('page')
  const late = await reader.find('late')
  writer.answers.drop(['event 1'])
  // Behind the mark on its connection.
  await writer.link.client.ping()
  late.keep!(answer, 0)
  await reader.link.client.ping()
  assert.deepEqual([(await third.find('page')).found, (await third.find('late')).found], [undefined, undefined])
  assert.ok((await third.leave('page')).found)
  assert.ok((await reader.find('page')).found)
  // The writer itself takes nothing of the tag for now, nor leaves anything.
  assert.deepEqual(await writer.find('page'), {})
  assert.ok((await writer.find('page', 'event 2')).keep)
})

testWithRedis('what somebody else has put there is not taken', async (aServer) => {
  const one = await aServer()
  await one.leave('odd')
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
  await observer.del(key!)
})

testWithRedis('a Redis that is frozen keeps nobody waiting, and is back by itself', async (aServer) => {
  const one = await aServer()
  await redis.kill('SIGSTOP')
  const start = performance.now()
  assert.deepEqual(await one.find('page'), {})
  assert.deepEqual(await one.find('page'), {})
  assert.ok(performance.now() - start < 200)
  assert.deepEqual(one.link.counts(), { lost: 1, is_up: false })
  await redis.kill('SIGCONT')
  await until(() => one.link.counts().is_up)
  assert.equal(typeof (await one.find('page')).keep, 'function')
})

testWithRedis('of many tags that change at once each is remembered, if need be by trusting none', async (aServer) => {
  const one = await aServer()
  one.answers.drop(Array.from({ length: 10_005 }, (_, n) => `event ${n}`))
  for (const tag of ['event 0', 'event 10004', 'event 20000']) assert.deepEqual(await one.find('page', tag), {})
})
