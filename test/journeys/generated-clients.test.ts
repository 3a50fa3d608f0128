import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { generateTypes } from '../clients/generate.ts'
import { createEmptyDatabase } from '../support/database.ts'
import { killLeftovers, startServer } from '../support/servers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'karcis-clients-'))
const database = await createEmptyDatabase()
after(async () => {
  killLeftovers()
  rmSync(folder, { recursive: true, force: true })
  await database.drop()
})
const server = await startServer(database.url, { AUTH: 'on' })

// What a client's author has: the packages, and a compiler as strict as ours.
symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction')
writeFileSync(join(folder, 'package.json'), '{"type":"module"}')

const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8')) as { compilerOptions: object }

function run(script: string, ...args: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { cwd: folder, encoding: 'utf8' })
  assert.equal(status, 0, `${script}: ${stdout}${stderr}`)
}

for (const [version, document] of [
  ['v1', '/openapi.json'],
  ['v2', '/api/v2/openapi.json'],
] as const) {
  test(`a client generated from the document of ${version} compiles, and gets from registering to the door`, async () => {
    const text = await (await fetch(server.url + document)).text()
    writeFileSync(join(folder, `${version}.d.ts`), await generateTypes(text))
    const journey = `${version}-journey.ts`
    copyFileSync(join(root, 'test/clients', journey), join(folder, journey))
    const project = `${version}.json`
    writeFileSync(join(folder, project), JSON.stringify({ compilerOptions, files: [journey] }))
    run(join(root, 'node_modules/typescript/bin/tsc'), '-p', project)
    run(journey, server.url)
  })
}
