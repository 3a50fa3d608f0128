import { after, test } from 'node:test'
import * as fc from 'fast-check'
import { onSqlite } from '../support/database.ts'
import { factories } from '../support/factories.ts'
import { histories, perform, type History } from '../support/selling-steps.ts'
import { assertAllAgrees, calmDown } from '../support/selling-verdict.ts'
import { sellingWorld } from '../support/selling-world.ts'

/** `KARCIS_HISTORIES_SEED=123` repeats a run, `KARCIS_HISTORIES=5000` makes a long one. */
const seed = Number(process.env['KARCIS_HISTORIES_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const asked = process.env['KARCIS_HISTORIES']
const runs = Number(asked ?? 60)
/** What nobody has asked for must not keep everybody waiting. */
const time_ms_max = 15_000
const turns_max = 40

const world = await sellingWorld()
after(() => world.close())

test(`whatever happens, everybody who paid has tickets or their money (seed ${seed})`, async (t) => {
  const { aCustomer, anOrganizer } = factories(world.servers[0].deps)
  const customers = [(await aCustomer()).id, (await aCustomer()).id]
  const people = { customers, organizer: (await anOrganizer()).id }
  let count = 0

  /** What histories come to, to see that they are about something. */
  const ends = new Map<string, number>()
  async function countEnds(): Promise<void> {
    for (const table of ['booking', 'payment', 'refund'] as const) {
      const rows = await world.database.db.selectFrom(table).select('status').execute()
      for (const { status } of rows) ends.set(`${table} ${status}`, (ends.get(`${table} ${status}`) ?? 0) + 1)
    }
    const reasons = await world.database.db.selectFrom('refund').select('reason').execute()
    for (const { reason } of reasons) ends.set(reason, (ends.get(reason) ?? 0) + 1)
  }

  const property = fc.asyncProperty(histories(turns_max), async (turns) => {
    count++
    await world.begin()
    const history: History = { world, people, toTell: new Set(), kept: [], byHand: new Set() }
    // All of a turn come to their end, also if one of them fails: the next history begins with nothing under way.
    for (const turn of turns) {
      const ends = await Promise.allSettled(turn.map((step) => perform(history, step)))
      for (const end of ends) if (end.status === 'rejected') throw end.reason
    }
    await calmDown(history)
    await assertAllAgrees(history)
    await countEnds()
  })
  await fc.assert(property, {
    seed,
    numRuns: runs,
    // Across two handles what races does not come out the same twice, so there is nothing to make smaller.
    endOnFailure: !onSqlite,
    ...(asked === undefined && { interruptAfterTimeLimit: time_ms_max }),
  })
  t.diagnostic(`${count} histories: ${JSON.stringify(Object.fromEntries(ends))}`)
  t.diagnostic(`refusals: ${JSON.stringify(Object.fromEntries(world.refused))}`)
})
