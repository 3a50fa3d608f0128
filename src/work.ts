import type { Logger } from 'pino'
import type { Deps } from './deps.ts'
import type { Work } from './worker.ts'

export function workOf(_deps: Deps, _log: Logger): Work {
  return {
    handlers: {},
    chores: [],
  }
}
