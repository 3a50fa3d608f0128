import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** From the bottom up: a room may import from itself and from those before it. */
const rooms = ['lib', 'config', 'db', 'deps', 'http', 'features', 'app'] as const

type Import = { from: string; to: string }

function imports(): Import[] {
  return globSync('**/*.ts', { cwd: src })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...readFileSync(join(src, file), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, target]) => ({
        from: file,
        to: relative(src, join(src, dirname(file), target!)),
      })),
    )
}

const roomOf = (file: string) => {
  const name = file.split('/')[0]!.replace(/\.ts$/, '')
  const index = rooms.indexOf(name as (typeof rooms)[number])
  // What stands beside app.ts and serves the command line alone is on top.
  return index === -1 ? rooms.length : index
}

test('there is something to look at', () => {
  assert.ok(imports().length > 50)
})

test('rooms import downwards only', () => {
  const upwards = imports().filter(({ from, to }) => roomOf(from) < roomOf(to))
  assert.deepEqual(upwards, [])
})

test('a slice writes another slice only through its use cases', () => {
  const slice = (file: string) => /^features\/(\w+)\//.exec(file)?.[1]
  const foreignSql = imports().filter(
    ({ from, to }) => slice(from) && slice(to) && slice(from) !== slice(to) && to.endsWith('.sql.ts'),
  )
  for (const { from, to } of foreignSql) {
    const text = readFileSync(join(src, from), 'utf8')
    // A type writes nothing, so `import type` is not looked at.
    const names = new RegExp(`import \\{([^}]*)\\} from '[^']*/${to.split('/').pop()}'`).exec(text)?.[1]
    const writes = (names?.split(',') ?? []).filter((name) => !/^\s*(type \w+|find\w+|list\w+)\s*$/.test(name))
    assert.deepEqual(writes, [], `${from} imports from ${to}`)
  }
})

test('a use case, a rule and SQL know nothing of HTTP', () => {
  const wrong = imports().filter(
    ({ from, to }) =>
      from.startsWith('features/') && !/\.(v\d|schema|routes|graphql)\.ts$/.test(from) && to.startsWith('http/'),
  )
  assert.deepEqual(wrong, [])
})

test('only main.ts reads the environment', () => {
  const readers = globSync('**/*.ts', { cwd: src }).filter((file) =>
    /process\.env/.test(readFileSync(join(src, file), 'utf8')),
  )
  assert.deepEqual(readers, ['main.ts'])
})
