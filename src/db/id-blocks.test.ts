import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KyselyPlugin } from 'kysely'
import { openTestDatabase } from '../../test/support/database.ts'
import { idBlocks } from './id-blocks.ts'

const { database, drop } = await openTestDatabase()
after(drop)

test('those who take ids at the same moment, here and elsewhere, all get their own', async () => {
  const sources = [idBlocks(database, 'ticket'), idBlocks(database, 'ticket')]
  const counts = Array.from({ length: 60 }, (_, n) => 1 + ((n * 37) % 90))
  const taken = (await Promise.all(counts.map((count, n) => sources[n % 2]!.take(count)))).flat()
  assert.deepEqual([taken.length, new Set(taken).size], [2_730, 2_730])
})

test('a lease that begins while another one ends does not make that one longer', async () => {
  const written = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  let queries = 0
  const pausing: KyselyPlugin = {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      // The third one writes down what is leased.
      if (++queries === 3) {
        written.resolve()
        await goOn.promise
      }
      return result
    },
  }
  const ids = idBlocks({ ...database, writer: database.writer.withPlugin(pausing) }, 'ticket')
  const first = ids.take(60)
  await written.promise
  const second = ids.take(60)
  goOn.resolve()
  const taken = [...(await first), ...(await ids.take(120)), ...(await second)]
  assert.equal(new Set(taken).size, taken.length)
})
