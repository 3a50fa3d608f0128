import type { ServerRole } from '../config.ts'

/** Where the paths of a role begin; all others are the API's. A proxy before servers with one role each goes by the same. */
const homes: readonly (readonly [path: RegExp, role: ServerRole])[] = [
  [/^\/api\/v2\/webhooks\//, 'payments'],
  [/^\/sandbox\//, 'payments'],
  [/^\/live(?:[/?]|$)/, 'live'],
]

/** Whether a path that this server does not know is one of another role. */
export function isMisdirected(path: string, roles: ReadonlySet<ServerRole>): boolean {
  const home = homes.find(([start]) => start.test(path))?.[1] ?? 'api'
  return !roles.has(home)
}
