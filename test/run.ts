/**
 * `npm test [file …]`, or `npm run test:faults` for the faults alone, in their long form: the suite on SQLite, and again on the server that TEST_DATABASE_URL names (MySQL or
 * MariaDB, with a user who may create databases). Says plainly at the end which ran.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDatabaseFree } from './support/database-free.ts'

const url = process.env['TEST_DATABASE_URL']
const isFaults = process.argv.includes('--faults')
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const root = join(import.meta.dirname, '..')
const patterns = isFaults ? ['test/faults/*.test.ts'] : ['src/**/*.test.ts', 'test/**/*.test.ts']
const files = named.length > 0 ? named : globSync(patterns, { cwd: root }).toSorted()
const options = ['--test', '--test-concurrency=2', '--test-timeout=120000']

/** Each file is a process, and half of what a short one takes is compiling what all of them import. */
const compile_cache = join(tmpdir(), 'node-compile-cache')

function runOn(database: string, chosen: readonly string[]): Promise<boolean> {
  const env = {
    NODE_COMPILE_CACHE: compile_cache,
    ...process.env,
    KARCIS_TEST_DATABASE: database,
    ...(isFaults && { KARCIS_FAULTS: 'long' }),
  }
  const child = spawn(process.execPath, [...options, ...chosen], { stdio: 'inherit', env, cwd: root })
  return new Promise((resolve) => child.on('exit', (code) => resolve(code === 0)))
}

const results: [name: string, verdict: string][] = []
console.log('\n══ Tests on SQLite (embedded) ══')
results.push(['SQLite', (await runOn('sqlite', files)) ? 'passed' : 'FAILED'])
if (url) {
  const { host } = new URL(url)
  // What somebody names, they want.
  const chosen = files.filter((file) => named.includes(file) || !isDatabaseFree(root, file))
  const left = files.length - chosen.length
  console.log(`\n══ Tests on the server at ${host}, but for ${left} files that no database makes a difference to ══`)
  results.push([`MySQL or MariaDB at ${host}`, (await runOn(url, chosen)) ? 'passed' : 'FAILED'])
} else {
  results.push(['MySQL or MariaDB', 'did not run: set TEST_DATABASE_URL=mysql://user:password@host:3306/name'])
}
console.log('\nWhich databases ran:')
for (const [name, verdict] of results) console.log(`  ${name}: ${verdict}`)
if (results.some(([, verdict]) => verdict === 'FAILED')) process.exitCode = 1
