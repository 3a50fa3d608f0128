import { stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Config } from './config.ts'
import type { Deps } from './deps.ts'
import { examine } from './doctor.ts'
import { examineInstallation, type Group } from './doctor/installation.ts'
import type { Verdict } from './doctor/result.ts'
import { StartupError } from './lib/errors.ts'
import { explainStartup } from './startup-problems.ts'

const marks: Readonly<Record<Verdict, string>> = { good: '✓', warning: '!', wrong: '✗' }

/**
 * Looks at the installation and then, unless `--quick`, at every row of the books. Prints what it found, as one JSON with
 * `--json`, and returns whether nothing is broken; warnings are not.
 *
 * @throws StartupError for an argument that it does not know
 */
export async function doctor(
  args: string[],
  config: Config,
  openDeps: (config: Config) => Promise<Deps>,
  print: (text: string) => void = console.log,
): Promise<boolean> {
  const { quick, json } = optionsOf(args)
  const opened = await openOrSayWhy(config, openDeps)
  try {
    const groups = await examineInstallation(config, opened)
    const books = 'deps' in opened && !quick ? await examineBooks(opened.deps) : undefined
    const isSound = groups.every(({ results }) => results.every(({ verdict }) => verdict !== 'wrong'))
    const sound = isSound && books?.sound !== false
    if (json) print(JSON.stringify({ sound, groups, ...(books && { books }) }, null, 2))
    else print([...linesOf(groups), ...(books?.lines ?? [])].join('\n'))
    return sound
  } finally {
    if ('deps' in opened) {
      opened.deps.mailer.close()
      await opened.deps.database.close()
    }
  }
}

function optionsOf(args: string[]): { quick: boolean; json: boolean } {
  try {
    const { values } = parseArgs({
      args,
      options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
    })
    return values
  } catch (error) {
    throw new StartupError(`${(error as Error).message}\n\nUsage: npm run doctor -- [--quick] [--json]`)
  }
}

async function openOrSayWhy(
  config: Config,
  openDeps: (config: Config) => Promise<Deps>,
): Promise<{ deps: Deps } | { reason: string }> {
  const { database } = config
  // Opened, it would be made.
  if (database.dialect === 'sqlite' && !(await stat(database.file).catch(() => undefined))) {
    return { reason: `there is no database ${database.file} yet: npm start or npm run migrate makes it` }
  }
  try {
    return { deps: await openDeps(config) }
  } catch (error) {
    const reason = explainStartup(error, config)
    if (reason === undefined) throw error
    return { reason }
  }
}

/** A database that has other tables, or goes away meanwhile, is told of like the rest. */
async function examineBooks({ database }: Deps): Promise<{ sound: boolean; lines: string[] }> {
  try {
    return await examine(database)
  } catch (error) {
    const sentence = explainStartup(error, undefined)
    if (sentence === undefined) throw error
    return { sound: false, lines: [sentence] }
  }
}

function linesOf(groups: readonly Group[]): string[] {
  return groups.flatMap(({ name, results }) =>
    results.flatMap(({ verdict, what, advice }) => [
      `${marks[verdict]} ${name}: ${what}`,
      ...(advice === undefined ? [] : [`    ${advice}`]),
    ]),
  )
}
