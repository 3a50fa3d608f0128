import { watch } from '../../../lib/metrics.ts'
import { ProviderError } from './provider.ts'

/** Runs a call, or refuses at once to run it. */
export type Breaker = <T>(call: () => Promise<T>) => Promise<T>

/** Nothing was asked: to try again at once is no use. */
export class NotAsked extends ProviderError {
  constructor(message: string) {
    super('unknown', message)
  }
}

/**
 * A circuit breaker: after so many calls in a row without an answer, nothing is asked for a while, so that whoever waits
 * for a provider that is down is told at once. Then one call is let through; its answer closes the circuit, the lack of
 * one opens it for another while. Being refused is an answer.
 *
 * @param now milliseconds, of a clock that is never set back
 */
export function breaker(
  provider: string,
  { failures_max = 5, open_ms = 30_000, now = () => performance.now() } = {},
): Breaker {
  let failures = 0
  let open_until = 0
  let isOnTrial = false
  watch('karcis_provider_circuit_open', { provider: provider.toLowerCase() }, () => (failures >= failures_max ? 1 : 0))
  return async (call) => {
    const isOpen = failures >= failures_max
    if (isOpen && (isOnTrial || now() < open_until)) {
      throw new NotAsked(`${provider} did not answer ${failures} times in a row: not asked for a moment`)
    }
    if (isOpen) isOnTrial = true
    try {
      const answer = await call()
      failures = 0
      return answer
    } catch (error) {
      if (error instanceof ProviderError && error.kind === 'unknown') {
        failures++
        open_until = now() + open_ms
      } else {
        failures = 0
      }
      throw error
    } finally {
      if (isOpen) isOnTrial = false
    }
  }
}
