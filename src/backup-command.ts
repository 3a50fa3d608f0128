import { parseArgs } from 'node:util'
import { backUp } from './backup/backup.ts'
import { restore } from './backup/restore.ts'
import type { Config } from './config.ts'
import { openDatabase } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import { examine } from './doctor.ts'
import { StartupError } from './lib/errors.ts'

type Print = (line: string) => void

/**
 * Writes a backup into a new folder, while servers go on.
 *
 * @throws StartupError as backUp does, and without the name of one folder
 */
export async function backup(config: Config, args: string[], print: Print): Promise<void> {
  const { folder } = argsOf(args, 'npm run backup -- <new folder>')
  const database = await openDatabase(config.database, 1)
  try {
    const { begun_at } = await backUp(database, config, folder, print)
    print(`${folder} holds all that was committed before ${begun_at}.`)
  } finally {
    await database.close()
  }
}

/**
 * Puts a backup back, brings its tables up to date and looks at every row; whether the books are sound.
 *
 * @throws StartupError as restore does, and without the name of one folder
 */
export async function restoreBackup(config: Config, args: string[], print: Print): Promise<boolean> {
  const { folder, replace } = argsOf(args, 'npm run restore -- <folder of a backup> [--replace]')
  await restore(config, folder, replace, print)
  const database = await openDatabase(config.database, 2)
  try {
    const applied = await migrate(database)
    if (applied.length > 0) print(`Migrated: ${applied.join(', ')}`)
    const { sound, lines } = await examine(database)
    print(lines.join('\n'))
    return sound
  } finally {
    await database.close()
  }
}

function argsOf(args: string[], usage: string): { folder: string; replace: boolean } {
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { replace: { type: 'boolean', default: false } },
    })
    const [folder, ...more] = positionals
    if (folder === undefined || more.length > 0) throw new Error('Name one folder.')
    return { folder, replace: values.replace }
  } catch (error) {
    throw new StartupError(`${(error as Error).message}\n\nUsage: ${usage}`)
  }
}
