import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { series } from '../../src/lib/series.ts'
import { startCrowd } from '../faults/load.ts'
import { onSqlite, openTestDatabase } from '../support/database.ts'
import { testDeps } from '../support/deps.ts'
import { factories } from '../support/factories.ts'
import { http, killLeftovers, startServer } from '../support/servers.ts'

const ops = fileURLToPath(new URL('../../ops', import.meta.url))
const read = (file: string) => readFileSync(join(ops, file), 'utf8')

type Panel = { title: string; type: string; targets?: { expr: string }[] }
const dashboard = JSON.parse(read('grafana/dashboards/karcis.json')) as { panels: Panel[] }
const queries = dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })))

type Rule = { alert: string; expr: string; annotations: { runbook_url: string } }
const rules = (parse(read('prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
)

const isInstalled = (program: string) => spawnSync(program, ['--version']).error === undefined
// Prometheus looks at numbers, and they are the same on whichever database: once is enough.
const reason = ['prometheus', 'promtool'].every(isInstalled)
  ? !onSqlite && 'runs on SQLite alone'
  : 'Prometheus is not installed'
if (reason) console.log(`The dashboard and the alerts were not tried: ${reason}.`)

after(killLeftovers)

test('dashboard and alerts ask for no series that there is not', () => {
  const known = new Set(
    Object.entries(series).flatMap(([name, { kind }]) =>
      kind === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  )
  const asked = [...queries, ...rules].flatMap(({ expr }) => expr.match(/karcis_\w+/g) ?? [])
  assert.ok(asked.length > 50)
  for (const name of asked) assert.ok(known.has(name), name)
})

test('each alert has a runbook', () => {
  const page = readFileSync(join(ops, '../docs/operations.md'), 'utf8')
  for (const { alert, annotations } of rules) {
    assert.equal(annotations.runbook_url, `docs/operations.md#${alert.toLowerCase()}`)
    const chapter = page.split('\n### ').find((one) => one.startsWith(`${alert}\n`)) ?? ''
    for (const word of ['**Means:**', '**Look at:**', '**Do:**']) assert.ok(chapter.includes(word), `${alert} ${word}`)
  }
})

for (const [what, args] of [
  ['configuration', ['check', 'config', 'prometheus.yml']],
  ['alerts', ['check', 'rules', 'alerts.yml']],
  ['tests of the alerts', ['test', 'rules', 'alerts.test.yml']],
] as const) {
  test(`promtool finds nothing wrong with the ${what}`, { skip: reason }, () => {
    const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: join(ops, 'prometheus'), encoding: 'utf8' })
    assert.equal(status, 0, stdout + stderr)
  })
}

/** What a minute of bookings leaves alone: money, doors, mail servers and what else is not there. */
const without =
  /takings|refund|payments_total|provider|webhooks|check-ins|tickets\/|check_ins|live_|cache_|redis|pool|limited|database_errors|queue_refusals/

test('each panel is answered by a Prometheus that watches a loaded server', { skip: reason }, async () => {
  const { url: databaseUrl, database, drop } = await openTestDatabase()
  after(drop)
  const { aCustomer, anEvent } = factories(testDeps(database))
  const order = { customer_id: (await aCustomer()).id, event_id: (await anEvent({ capacity: 1_000_000 })).id }
  const metricsPort = await freePort()
  const server = await startServer(databaseUrl, {
    METRICS_PORT: String(metricsPort),
    METRICS_HOST: '127.0.0.1',
    DATA_DIR: mkdtempSync(join(tmpdir(), 'karcis-dashboard-')),
  })
  const crowd = startCrowd(server.url, 4, order)
  const prometheus = await startPrometheus(metricsPort)
  const ask = async (query: string) => {
    const answer = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query }).toString()}`)
    return { code: answer.status, ...((await answer.json()) as { error?: string; data?: { result: unknown[] } }) }
  }
  try {
    const until = performance.now() + 15_000
    const isLoaded = async () => (await ask('rate(karcis_outbox_handled_total[10s]) > 0')).data?.result.length
    while (!(await isLoaded()) && performance.now() < until) await sleep(250)
    assert.equal((await http('GET', `${server.url}/events/999999`)).status, 404)
    await sleep(1_500)
    for (const { title, expr } of queries) {
      const { code, error, data } = await ask(expr.replaceAll('$__rate_interval', '10s'))
      assert.equal(code, 200, `${title}: ${expr}: ${error}`)
      if (!without.test(expr)) assert.notEqual(data!.result.length, 0, `${title} is empty: ${expr}`)
    }
  } finally {
    await crowd.stop()
    await prometheus.stop()
    await server.stop('SIGKILL')
  }
})

/** A Prometheus of our own that scrapes this port each half second. */
async function startPrometheus(target: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'karcis-prometheus-'))
  const config = join(folder, 'prometheus.yml')
  writeFileSync(
    config,
    `global: { scrape_interval: 500ms }\nscrape_configs: [{ job_name: karcis, static_configs: [{ targets: ['127.0.0.1:${target}'] }] }]\n`,
  )
  const port = await freePort()
  const args = [`--config.file=${config}`, `--storage.tsdb.path=${folder}`, `--web.listen-address=127.0.0.1:${port}`]
  const child: ChildProcess = spawn('prometheus', args, { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.on('close', resolve))
  const url = `http://127.0.0.1:${port}`
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
  for (let tries = 0; tries < 100 && !(await isReady()); tries++) await sleep(100)
  return {
    url,
    async stop() {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
