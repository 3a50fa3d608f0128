/**
 * `npm test [file …]`, or `npm run test:faults` for the faults alone, in their long form: the suite on SQLite, and again on the server that TEST_DATABASE_URL names (MySQL or
 * MariaDB, with a user who may create databases). Says plainly at the end which ran.
 */
import { spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const url = process.env['TEST_DATABASE_URL']
const isFaults = process.argv.includes('--faults')
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const files = isFaults ? ['test/faults/*.test.ts'] : named
const args = [
  '--test',
  '--test-concurrency=2',
  '--test-timeout=120000',
  ...(files.length > 0 ? files : ['src/**/*.test.ts', 'test/**/*.test.ts']),
]

/** Each file is a process, and half of what a short one takes is compiling what all of them import. */
const compile_cache = join(tmpdir(), 'node-compile-cache')

function runOn(database: string): Promise<boolean> {
  const env = {
    NODE_COMPILE_CACHE: compile_cache,
    ...process.env,
    KARCIS_TEST_DATABASE: database,
    ...(isFaults && { KARCIS_FAULTS: 'long' }),
  }
  const child = spawn(process.execPath, args, { stdio: 'inherit', env })
  return new Promise((resolve) => child.on('exit', (code) => resolve(code === 0)))
}

const results: [name: string, verdict: string][] = []
console.log('\n══ Tests on SQLite (embedded) ══')
results.push(['SQLite', (await runOn('sqlite')) ? 'passed' : 'FAILED'])
if (url) {
  const { host } = new URL(url)
  console.log(`\n══ Tests on the server at ${host} ══`)
  results.push([`MySQL or MariaDB at ${host}`, (await runOn(url)) ? 'passed' : 'FAILED'])
} else {
  results.push(['MySQL or MariaDB', 'did not run: set TEST_DATABASE_URL=mysql://user:password@host:3306/name'])
}
console.log('\nWhich databases ran:')
for (const [name, verdict] of results) console.log(`  ${name}: ${verdict}`)
if (results.some(([, verdict]) => verdict === 'FAILED')) process.exitCode = 1
