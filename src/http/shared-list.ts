import type { FastifyReply } from 'fastify'
import { groupQueue } from '../lib/group-queue.ts'
import { pageMarks, type Page, type PageStart } from '../lib/page.ts'
import { listed } from './envelope.ts'

const limits = { length_max: 20_000, wait_ms_max: 10_000 }

/**
 * Answers a list for many at once. Those who ask for the same page while one is being read share the next
 * reading, and its serialised bytes: always read after they asked, never remembered.
 *
 * @param list reads the page's rows, and one more if there is one
 */
export function sharedList<Row extends { id: number }>(
  message: string,
  list: (start: PageStart, limit: number) => Promise<Row[]>,
  show: (row: Row) => unknown,
) {
  const marks = pageMarks()
  const queue = groupQueue<{ page: Page; reply: FastifyReply }, string>(async (askers) => {
    const bodies = new Map<string, Promise<string>>()
    const answers = askers.map(({ page, reply }) => {
      const key = `${page.limit} ${page.page}`
      let body = bodies.get(key)
      if (!body) bodies.set(key, (body = read(page, reply)))
      return body
    })
    const settled = await Promise.allSettled(answers)
    return settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error)))
  }, limits)

  async function read(page: Page, reply: FastifyReply): Promise<string> {
    const rows = await list(marks.startOf(page), page.limit)
    marks.note(page, rows)
    return reply.serializeInput(listed(message, rows, page, show), '200') as string
  }

  return async (page: Page, reply: FastifyReply): Promise<FastifyReply> => {
    const body = await queue.join({ page, reply })
    return reply.type('application/json; charset=utf-8').send(body)
  }
}
