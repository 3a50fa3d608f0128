import { createHash, randomBytes } from 'node:crypto'
import type { Shared, SharedStore } from '../lib/fresh-cache.ts'
import type { Redis } from '../lib/redis-client.ts'
import { life_ms, type PublicAnswer } from './public-answers.ts'

/** Of what is left in Redis: to be changed with `keep` and `readAnswer`. */
const format = 1
/** Beyond it, sending it to and fro costs more than reading it again. */
const length_max = 256 * 1024
/** Longer than any answer lives that was left under the mark before. */
const mark_s = 60
/** What clocks of servers may differ by. */
const skew_ms_max = 100
const distrust_ms = 2 * life_ms
const distrusted_max = 10_000

/**
 * Leaves answers in Redis for other servers. Each tag has a mark there, which every commit that changes it replaces; an
 * answer is left with the mark that was there before its reading began, and is good only while that one still is. So what
 * was read before a commit is known as such, even if it is left after it.
 *
 * Nothing depends on that: marks may be lost with Redis, and its answers may come late. No answer is taken that is older
 * than it may be by the clock of the server that read it, and none of a tag that this process has changed of late.
 *
 * @param database what tells it from others: servers on two of them may share one Redis
 * @param shapes of the answers: the same for servers that may read one another's
 */
export function redisAnswers({ client, ask }: Redis, database: string, shapes: string): SharedStore<PublicAnswer> {
  const hash = createHash('sha256').update(JSON.stringify([format, database, shapes]))
  const space = hash.digest('base64url').slice(0, 16)
  const process_mark = randomBytes(9).toString('base64url')
  let commits = 0
  const keyOf = (name: string) => `karcis:answers:${space}:${name}`
  const markOf = (tag: string) => `karcis:marks:${space}:${tag}`
  /** Until when, by the time of the process, what is in Redis is not believed. Oldest first. */
  const distrusted = new Map<string, number>()
  let all_distrusted_until = 0

  function distrust(tag: string, now: number): void {
    for (const [known, until] of distrusted) {
      if (until > now) break
      distrusted.delete(known)
    }
    if (distrusted.size >= distrusted_max) {
      distrusted.clear()
      all_distrusted_until = now + distrust_ms
    }
    distrusted.delete(tag)
    distrusted.set(tag, now + distrust_ms)
  }

  function isDistrusted(tag: string): boolean {
    return Math.max(distrusted.get(tag) ?? 0, all_distrusted_until) > performance.now()
  }

  function keep(name: string, mark: string, { body, etag, next_cursor }: PublicAnswer, age_ms: number): void {
    const left_ms = Math.floor(life_ms - age_ms)
    if (left_ms <= 0 || body.length > length_max) return
    const head = JSON.stringify([mark, Date.now() - Math.ceil(age_ms), etag, next_cursor ?? null])
    ask(() => client.set(keyOf(name), `${head}\n${body}`, { PX: left_ms }), nothing, nothing)
  }

  return {
    find: (tag, name) =>
      new Promise<Shared<PublicAnswer>>((resolve) => {
        if (isDistrusted(tag)) return resolve({})
        ask(
          () => client.mGet([markOf(tag), keyOf(name)]),
          ([mark, text]) => {
            const now_mark = mark ?? ''
            const found = text ? readAnswer(text, now_mark) : undefined
            resolve({ found, keep: (answer, age_ms) => keep(name, now_mark, answer, age_ms) })
          },
          () => resolve({}),
        )
      }),
    drop(tags) {
      const now = performance.now()
      const mark = `${process_mark}${++commits}`
      for (const tag of tags) {
        distrust(tag, now)
        ask(() => client.set(markOf(tag), mark, { EX: mark_s }), nothing, nothing)
      }
    },
  }
}

const nothing = () => {}

/** What was left; undefined if it is not good any more, or not what we have left. */
function readAnswer(text: string, mark: string): Shared<PublicAnswer>['found'] {
  const end = text.indexOf('\n')
  let head: unknown
  try {
    head = JSON.parse(text.slice(0, Math.max(end, 0)))
  } catch {
    return undefined
  }
  if (!Array.isArray(head) || head[0] !== mark || typeof head[1] !== 'number' || typeof head[2] !== 'string') {
    return undefined
  }
  const [, read_at, etag, next_cursor] = head as [string, number, string, string | null]
  const age_ms = Date.now() - read_at
  if (age_ms < -skew_ms_max || age_ms >= life_ms) return undefined
  return { value: { body: text.slice(end + 1), etag, next_cursor }, age_ms: Math.max(age_ms, 0) }
}
