import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadEnvFile } from 'node:process'
import { parseArgs } from 'node:util'
import type { Logger } from 'pino'
import { backup, restoreBackup } from './backup-command.ts'
import { mailFolder, readConfig, type Config } from './config.ts'
import { openDatabase } from './db/database.ts'
import { migrate } from './db/migrate.ts'
import type { Deps } from './deps.ts'
import { doctor } from './doctor-command.ts'
import { folderFiles } from './features/images/folder-files.ts'
import { s3Files } from './features/images/s3-files.ts'
import { folderMailer } from './features/mail/folder-mailer.ts'
import { previewMails } from './features/mail/preview.ts'
import { smtpMailer } from './features/mail/smtp-mailer.ts'
import { openSigner } from './features/signatures/signer.ts'
import { hashPassword, verifyPassword } from './features/users/password.ts'
import { newTicketCode } from './lib/codes.ts'
import { StartupError } from './lib/errors.ts'
import { makeUser } from './make-user.ts'
import { seed } from './seed.ts'
import { serve, type SharedByServers } from './serve.ts'
import { explainStartup } from './startup-problems.ts'
import { work } from './work-command.ts'

const usage = `Usage: karcis <command>

  serve     start the server (npm start): --roles api,live,worker,payments --processes 1
  worker    do what is due, without a port, beside servers that run with WORKER=off (npm run worker)
  migrate   bring the database's tables up to date
  seed      add the demo users and events
  user      make an account: --role admin|organizer|customer --email … [--name …] [--password …]
  doctor    look at the installation and at every row, say what is wrong and what to do, and change nothing:
            [--quick] leaves the rows out, [--json] is for programs
  backup    write database and pictures into a new folder, while servers go on
  restore   put a backup back: --replace if the database is not empty
  mail-preview  write every mail there is into ./mail-preview, to look at them
  demo      serve the demo data from a database of its own, and say what to try

Settings come from the environment or from .env; docs/configuration.md lists them.`

const withArguments = new Set(['serve', 'user', 'doctor', 'backup', 'restore'])

/** The command line. The only reader of the process's environment. */
export async function main([command = 'help', ...rest]: string[]): Promise<void> {
  let config: Config | undefined
  try {
    if (rest.length > 0 && !withArguments.has(command))
      throw new StartupError(`"${command}" takes no arguments.\n\n${usage}`)
    const env = command === 'serve' ? { ...readEnv(), ...settingsIn(rest) } : readEnv()
    config = readConfig(command === 'demo' ? demoSettings(env) : env, process.stdout.isTTY)
    await run(command, rest, config, env['npm_lifecycle_event'] !== undefined)
  } catch (error) {
    const sentence = explainStartup(error, config)
    console.error(sentence ?? error)
    process.exit(1)
  }
}

async function run(command: string, rest: string[], config: Config, startedByNpm: boolean): Promise<void> {
  switch (command) {
    case 'serve':
    case 'demo':
      if (config.processes > 1) {
        const [{ default: cluster }, { runProcesses }] = await Promise.all([
          import('node:cluster'),
          import('./processes.ts'),
        ])
        if (cluster.isPrimary) return runProcesses(config, startedByNpm)
      }
      return serve(config, { deps: openDeps, shared: openShared }, { isDemo: command === 'demo', startedByNpm })
    case 'worker':
      return work(config, openDeps, startedByNpm)
    case 'migrate':
      return withDeps(config, async ({ database }) => {
        const applied = await migrate(database)
        console.log(applied.length > 0 ? `Migrated: ${applied.join(', ')}` : 'Nothing to migrate.')
      })
    case 'seed':
      return withDeps(config, async (deps) => {
        await migrate(deps.database)
        const { added } = await seed(deps)
        console.log(added > 0 ? `Added ${added} demo users and events.` : 'The demo data is there already.')
      })
    case 'user':
      return withDeps(config, async (deps) => {
        await migrate(deps.database)
        console.log(await makeUser(deps, rest))
      })
    case 'doctor':
      if (!(await doctor(rest, config, openDeps))) process.exitCode = 1
      return
    case 'backup':
      return backup(config, rest, console.log)
    case 'restore':
      if (!(await restoreBackup(config, rest, console.log))) process.exitCode = 1
      return
    case 'mail-preview':
      return console.log(await previewMails('mail-preview'))
    case 'help':
    case '--help':
      return console.log(usage)
    default:
      throw new StartupError(`There is no command "${command}".\n\n${usage}`)
  }
}

async function openDeps(
  config: Config,
  wake = () => {},
  publicUrl = () => config.public_url ?? `http://localhost:${config.port}`,
): Promise<Deps> {
  const database = await openDatabase(config.database, config.database_pool_size)
  const now = () => new Date()
  return {
    database,
    now,
    newCode: newTicketCode,
    hashPassword,
    verifyPassword,
    signer: openSigner(database, now),
    mailer: config.smtp_url
      ? smtpMailer(config.smtp_url, config.mail_from)
      : folderMailer(mailFolder(config), config.mail_from),
    files: config.s3 ? s3Files(config.s3) : folderFiles(join(config.data_dir, 'images')),
    publicUrl,
    wake,
  }
}

/** Loaded only where it is wanted: a start without Redis should not wait for its client. */
async function openShared({ redis_url }: Config, log: Logger): Promise<SharedByServers | undefined> {
  if (redis_url === undefined) return undefined
  const [{ openRedis }, { redisCounts }, { redisAnswers }] = await Promise.all([
    import('./lib/redis-client.ts'),
    import('./http/redis-counts.ts'),
    import('./http/redis-answers.ts'),
  ])
  const redis = openRedis(redis_url, log)
  return {
    openCount: redisCounts(redis),
    shareAnswers: (database, shapes) => redisAnswers(redis, database, shapes),
    close: redis.close,
  }
}

async function withDeps(config: Config, work: (deps: Deps) => Promise<void>): Promise<void> {
  const deps = await openDeps(config)
  try {
    await work(deps)
  } finally {
    await deps.database.close()
  }
}

/**
 * The demo never touches a real database: it has one of its own, gone when it stops. It mails nobody, asks no provider
 * for money, and pays on the sandbox's page.
 */
function demoSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folder = mkdtempSync(join(tmpdir(), 'karcis-demo-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const { PORT, HOST, LOG_LEVEL, LOG_FORMAT } = env
  return {
    PORT,
    HOST,
    LOG_LEVEL,
    LOG_FORMAT,
    DATABASE_URL: `sqlite:${folder}/karcis.db`,
    DATA_DIR: folder,
    SANDBOX_PAYMENTS: 'on',
  }
}

/** What the command line says for one server alone, as the settings that it stands for. */
function settingsIn(args: string[]): Record<string, string> {
  try {
    const { values } = parseArgs({ args, options: { roles: { type: 'string' }, processes: { type: 'string' } } })
    return Object.fromEntries(Object.entries(values).map(([name, value]) => [name.toUpperCase(), value]))
  } catch (error) {
    throw new StartupError(`${(error as Error).message}\n\n${usage}`)
  }
}

/** The environment, and under it what .env says. */
function readEnv(): NodeJS.ProcessEnv {
  try {
    loadEnvFile()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw new StartupError(`.env can't be read: ${String(error)}`)
  }
  return process.env
}
