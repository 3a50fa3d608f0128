import { DomainError } from '../../lib/errors.ts'

/**
 * Slows down whoever guesses passwords, without letting a stranger lock anyone out: what is counted is the pair of
 * account and address, and the address by itself, where the address is what `networkOf` makes of it. From another
 * address the account's owner gets in as ever; only an attack that comes from many addresses makes each wrong answer
 * for that account wait a little.
 */
const window_ms = 15 * 60_000
const pair_failures_max = 10
const address_failures_max = 100
const account_failures_free = 20
const delay_ms_step = 250
const delay_ms_max = 2_000
/** Of each count; the oldest is dropped, which only helps who has waited longest. */
const counted_max = 50_000

export type FailedSignIns = {
  /**
   * Counts an attempt as a failure, before its password is looked at: of many at once, no more pass than of as many
   * one after the other. Returns the milliseconds that its answer should wait if it is one.
   *
   * @throws DomainError `too_many_failures` if this pair or address must wait first
   */
  attempt(account: string, address: string): number
  /** The password was right: the attempt does not count, and the pair starts anew. */
  clear(account: string, address: string): void
}

type Count = { failures: number; until_ms: number }

export function failedSignIns(now: () => Date): FailedSignIns {
  const pairs = new Map<string, Count>()
  const addresses = new Map<string, Count>()
  const accounts = new Map<string, Count>()

  function current(counts: Map<string, Count>, key: string): Count | undefined {
    const found = counts.get(key)
    if (found && found.until_ms <= now().getTime()) {
      counts.delete(key)
      return undefined
    }
    return found
  }

  function add(counts: Map<string, Count>, key: string): number {
    const found = current(counts, key)
    if (found) return ++found.failures
    if (counts.size >= counted_max) counts.delete(counts.keys().next().value!)
    counts.set(key, { failures: 1, until_ms: now().getTime() + window_ms })
    return 1
  }

  function rest_s(count: Count | undefined, failures_max: number): number {
    if (!count || count.failures < failures_max) return 0
    return Math.ceil((count.until_ms - now().getTime()) / 1_000)
  }

  return {
    attempt(account, address) {
      const pair = `${address} ${account}`
      const wait_s = Math.max(
        rest_s(current(pairs, pair), pair_failures_max),
        rest_s(current(addresses, address), address_failures_max),
      )
      if (wait_s > 0) throw new DomainError('too_many_failures', undefined, { retry_after_s: wait_s })
      add(pairs, pair)
      add(addresses, address)
      const over = add(accounts, account) - account_failures_free
      return Math.min(delay_ms_max, Math.max(0, over * delay_ms_step))
    },
    clear(account, address) {
      pairs.delete(`${address} ${account}`)
      for (const count of [addresses.get(address), accounts.get(account)]) if (count) count.failures--
    },
  }
}
