import pino from 'pino'
import type { AppSettings } from '../../src/app.ts'
import type { Deps } from '../../src/deps.ts'
import type { PaymentProvider } from '../../src/features/payments/providers/provider.ts'
import { openSelling, type Selling } from '../../src/features/payments/selling.ts'
import { runOutbox } from '../../src/features/outbox/run-outbox.ts'
import { workOf } from '../../src/work.ts'
import { startApp, type TestApp } from './app.ts'

/** A clock that a test sets ahead. */
export function clock() {
  let ahead_ms = 0
  return {
    now: () => new Date(Date.now() + ahead_ms),
    forward: (minutes: number) => {
      ahead_ms += minutes * 60_000
    },
  }
}

/**
 * A server that sells by these providers, and its worker as a step to be taken: `work` does all that is due now, and
 * ends when nothing is.
 */
export async function startSelling(
  providers: (deps: Deps) => readonly PaymentProvider[],
  { auth = 'on', fee_basis_points = 0 }: { auth?: AppSettings['auth']; fee_basis_points?: number } = {},
): Promise<TestApp & { selling: Selling; work: () => Promise<void>; time: ReturnType<typeof clock> }> {
  const time = clock()
  let selling: Selling | undefined
  const started = await startApp({ now: time.now }, (deps) => {
    selling = openSelling(deps, providers(deps), fee_basis_points)
    return { auth, selling }
  })
  return { ...started, selling: selling!, time, work: () => doAllWork(started.deps, selling!) }
}

/** One turn after the other until nothing is due. */
export async function doAllWork(deps: Deps, selling: Selling): Promise<void> {
  const log = pino({ level: 'silent' })
  const { handlers, chores } = workOf(deps, log, selling)
  for (let done = 1; done > 0;) {
    done = await runOutbox(deps, handlers, log)
    for (const { run } of chores) done += await run()
  }
}
