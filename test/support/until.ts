import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until it is so; fails when it does not become so in good time. */
export async function until(isSo: () => boolean | Promise<boolean>, ms_max = 10_000): Promise<void> {
  for (const start = performance.now(); !(await isSo()); await sleep(5)) {
    if (performance.now() - start > ms_max) throw new Error(`not within ${ms_max} ms: ${isSo.toString()}`)
  }
}
