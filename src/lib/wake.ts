/** Wakes those of this process who wait for something to do. */
export type WakeSignal = Readonly<{
  wake: () => void
  sleeper: () => Sleeper
}>

export type Sleeper = Readonly<{
  /** True if it was woken, also if that was before it fell asleep; false when the time is up. */
  untilWoken: (ms: number) => Promise<boolean>
  /** Is not woken any more. */
  leave: () => void
}>

export function wakeSignal(): WakeSignal {
  const sleepers = new Set<() => void>()
  return {
    wake() {
      for (const rouse of sleepers) rouse()
    },
    sleeper() {
      let isWoken = false
      let getUp = () => {}
      const rouse = () => {
        isWoken = true
        getUp()
      }
      sleepers.add(rouse)
      return {
        async untilWoken(ms) {
          // Woken since it last got up: what it looked at meanwhile may be out of date.
          if (!isWoken) {
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, ms)
              getUp = () => {
                clearTimeout(timer)
                resolve()
              }
            })
          }
          const wasWoken = isWoken
          isWoken = false
          return wasWoken
        },
        leave: () => void sleepers.delete(rouse),
      }
    },
  }
}
