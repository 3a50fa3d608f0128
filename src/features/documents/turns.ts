import { DomainError } from '../../lib/errors.ts'

/** What one who asked for a document has of the printer. Each may be given back more than once. */
export type Turn = {
  /** The document is made: the next one can be. */
  endMaking: () => void
  /** It is read, too, or given up. */
  end: () => void
}

const retry_after_s = 5

/**
 * Takes turns at making documents, in the order of their coming. So many are made at once; each asker has so many under
 * way, those that are read included, and so many waiting, so that none of them keeps the others from theirs.
 */
export function openTurns(limits: {
  at_once_max: number
  each_max: number
  each_waiting_max: number
  waiting_max: number
  wait_ms_max: number
}): (asker: string) => Promise<Turn> {
  const underWay = new Map<string, number>()
  const waiting = new Set<{ asker: string; begin: () => void }>()
  let making = 0

  const of = (asker: string) => underWay.get(asker) ?? 0
  const mayBegin = (asker: string) => making < limits.at_once_max && of(asker) < limits.each_max

  function turnOf(asker: string): Turn {
    making++
    underWay.set(asker, of(asker) + 1)
    const endMaking = once(() => {
      making--
      beginNext()
    })
    const leave = once(() => {
      const left = of(asker) - 1
      if (left > 0) underWay.set(asker, left)
      else underWay.delete(asker)
      beginNext()
    })
    return {
      endMaking,
      end() {
        endMaking()
        leave()
      },
    }
  }

  function beginNext(): void {
    for (const one of waiting) if (mayBegin(one.asker)) one.begin()
  }

  async function wait(asker: string): Promise<Turn> {
    const own = [...waiting].filter((one) => one.asker === asker).length
    if (own >= limits.each_waiting_max) throw new DomainError('too_many_requests', undefined, { retry_after_s })
    if (waiting.size >= limits.waiting_max) throw busy()
    return new Promise<Turn>((resolve, reject) => {
      const one = {
        asker,
        begin() {
          clearTimeout(timer)
          waiting.delete(one)
          resolve(turnOf(asker))
        },
      }
      const timer = setTimeout(() => {
        waiting.delete(one)
        reject(busy())
      }, limits.wait_ms_max)
      waiting.add(one)
    })
  }

  return async (asker) => (mayBegin(asker) ? turnOf(asker) : wait(asker))
}

const busy = () => new DomainError('server_busy', undefined, { retry_after_s })

function once(what: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    what()
  }
}
