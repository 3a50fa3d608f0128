import type { Config } from '../config.ts'
import type { Deps } from '../deps.ts'
import { sellingBy } from '../providers.ts'
import { examineClock } from './clock.ts'
import { examineDatabase } from './database.ts'
import { examineFiles } from './files.ts'
import { examineProvider, examineSmtp, examineStorage } from './neighbours.ts'
import { examineRedis } from './redis.ts'
import { saidBy, wrong, type Result } from './result.ts'
import { examineSettings } from './settings.ts'
import { examineWork } from './work.ts'

/** What belongs together, as it is shown. */
export type Group = Readonly<{ name: string; results: readonly Result[] }>

/** Longer than any check should take that ends by itself. */
const group_ms_max = 15_000

/**
 * Looks at all that a server needs around it, everything at once, each for a bounded time: what hangs or throws is a
 * result of its own and hides nothing else. Without `deps`, the database could not be opened, for this `reason`.
 */
export async function examineInstallation(
  config: Config,
  opened: { deps: Deps } | { reason: string },
  limits = { group_ms_max },
): Promise<Group[]> {
  const checks: [name: string, examine: () => Promise<Result[]> | Result[]][] = [
    ['settings', () => examineSettings(config)],
    ['files', () => examineFiles(config)],
  ]
  if ('deps' in opened) {
    const { deps } = opened
    const providers = [...sellingBy(config, deps).providers.values()].filter(({ name }) => name !== 'sandbox')
    checks.push(
      ['clock', () => examineClock(deps.database)],
      ['database', () => examineDatabase(deps.database, config)],
      ['work', () => examineWork(deps.database, deps.now())],
      ['pictures', () => examineStorage(config.s3, deps.files)],
      ...providers.map((provider): (typeof checks)[number] => [
        provider.name,
        async () => [await examineProvider(provider)],
      ]),
    )
  } else {
    checks.push(['database', () => [wrong(opened.reason, 'Mend that first: what else the database says is unknown.')]])
  }
  checks.push(['Redis', () => examineRedis(config.redis_url)], ['mail', () => examineSmtp(config.smtp_url)])
  const groups = await Promise.all(
    checks.map(async ([name, examine]) => ({ name, results: await inTime(examine, limits.group_ms_max) })),
  )
  return groups.filter(({ results }) => results.length > 0)
}

async function inTime(examine: () => Promise<Result[]> | Result[], ms_max: number): Promise<Result[]> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${ms_max / 1_000} s`)), ms_max)
  })
  try {
    return await Promise.race([(async () => examine())(), tooLate])
  } catch (error) {
    return [wrong(`this could not be looked at: ${saidBy(error)}`, 'Mend what it says, then ask the doctor again.')]
  } finally {
    clearTimeout(timer)
  }
}
