import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/**
 * These open a database and look at something else: what is drawn, what leaves before a query is made, what Redis does.
 * A second database would show the same again.
 */
const about_something_else = new Set([
  'src/features/documents/print-tickets.test.ts',
  'src/features/graphql/hostile.test.ts',
  'src/features/mail/dev-mail.test.ts',
  'src/tracing/tracing.test.ts',
  'test/faults/redis-lost.test.ts',
  'test/journeys/async-api.test.ts',
  'test/journeys/bad-input.test.ts',
  'test/journeys/document.test.ts',
  'test/journeys/generated-clients.test.ts',
  'test/journeys/log.test.ts',
  'test/journeys/overload.test.ts',
  'test/journeys/sunset.test.ts',
])

/** What opens the database that tests are told of. */
const opening = 'test/support/database.ts'
const imported = /\bfrom '(\.[^']+)'|\bimport\('(\.[^']+)'\)/g

/** Whether a test file, by its path from `root`, runs the same whatever the database is. */
export function isDatabaseFree(root: string, file: string): boolean {
  return about_something_else.has(file) || !reaches(root, file, new Set())
}

function reaches(root: string, file: string, seen: Set<string>): boolean {
  if (file === opening) return true
  const path = join(root, file)
  if (seen.has(file) || !existsSync(path)) return false
  seen.add(file)
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(imported)].some(([, named, awaited]) =>
    reaches(root, normalize(join(dirname(file), (named ?? awaited)!)), seen),
  )
}
