import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

/** At the end of a process: what lives through collections is made at one place, which V8 notices and counts. */
const survivors = `process.on('exit', () => {
  const kept = []
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 200_000; i++) kept.push([{}, {}])
    gc({ type: 'minor' })
    gc({ type: 'minor' })
  }
})`
const counted = /pretenuring: threshold/

async function outputOf(...command: string[]): Promise<string> {
  const observed = [
    '--expose-gc',
    '--trace-pretenuring-statistics',
    '--import',
    `data:text/javascript,${encodeURIComponent(survivors)}`,
  ]
  const { stdout } = await promisify(execFile)(process.execPath, [...observed, ...command])
  return stdout
}

test('what a request makes is young, however many of its like have lived long', async () => {
  assert.match(await outputOf('-e', '0'), counted, 'this Node no longer says what it counts')
  assert.doesNotMatch(await outputOf(join(import.meta.dirname, '../../karcis.js'), 'help'), counted)
})
