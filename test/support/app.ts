import { after } from 'node:test'
import pino from 'pino'
import { buildApp, type App, type AppSettings } from '../../src/app.ts'
import type { Deps } from '../../src/deps.ts'
import { openTestDatabase } from './database.ts'
import { testDeps } from './deps.ts'
import { answersMatchDocument, answersMatchDocumentV2 } from './openapi.ts'

export type Answer = {
  status: number
  headers: Record<string, unknown>
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks at what it expects, and fails where it is not
  body: any
  text: string
}
export type TestApp = {
  app: App
  deps: Deps
  url: string
  call: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
}

/**
 * The whole server on a database of its own, without a port, and without accounts unless the settings say `auth: 'on'`.
 * Every answer is held against the OpenAPI document of its version. Closed and dropped when the test file ends.
 */
export async function startApp(
  overrides: Partial<Deps> = {},
  settings: Partial<AppSettings> | ((deps: Deps) => Partial<AppSettings>) = {},
): Promise<TestApp> {
  const { database, url, drop } = await openTestDatabase()
  const deps = testDeps(database, overrides)
  const given = typeof settings === 'function' ? settings(deps) : settings
  const app = await buildApp(deps, pino({ level: 'silent' }), { auth: 'off', ...given })
  after(async () => {
    await app.close()
    await drop()
  })
  const checks = { v1: answersMatchDocument(app.swagger()), v2: answersMatchDocumentV2(app.swaggerV2()) }
  return {
    app,
    deps,
    url,
    async call(method, path, body, headers = {}) {
      const isText = typeof body === 'string' || Buffer.isBuffer(body)
      const answer = await app.inject({
        method: method as 'GET',
        url: path,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { payload: isText ? body : JSON.stringify(body) }),
      })
      const type = String(answer.headers['content-type'])
      const parsed: unknown = answer.body !== '' && /[/+]json/.test(type) ? JSON.parse(answer.body) : undefined
      const status = answer.statusCode
      const check = checks[path.startsWith('/api/v2/') ? 'v2' : 'v1']
      check(method, path, { status, type: answer.headers['content-type'], body: parsed })
      return { status, headers: answer.headers, body: parsed, text: answer.body }
    },
  }
}
