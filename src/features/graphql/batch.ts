/**
 * Reads at once what many ask for one by one. Those who ask in one turn of the event loop, such as the rows of a list for
 * what belongs to each, share one reading. Nothing is remembered.
 *
 * @param read gives what belongs to each key; keys with nothing may be left out
 */
export function batched<Key, Value>(
  read: (keys: readonly Key[]) => Promise<ReadonlyMap<Key, Value>>,
): (key: Key) => Promise<Value | undefined> {
  let next: { keys: Set<Key>; found: Promise<ReadonlyMap<Key, Value>> } | undefined
  return async (key) => {
    if (!next) {
      const keys = new Set<Key>()
      const turn = new Promise<void>((resolve) => setImmediate(resolve))
      const found = turn.then(() => {
        next = undefined
        return read([...keys])
      })
      next = { keys, found }
    }
    next.keys.add(key)
    return (await next.found).get(key)
  }
}
