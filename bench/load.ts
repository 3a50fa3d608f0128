import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TicketKey } from './ticket-proofs.ts'

/**
 * `{name}` in the path or the body stands for a number of `numbers`, drawn once for each request. `caller` is the id
 * of the user who asks, and whose token goes along.
 */
export type Request = {
  method: 'GET' | 'POST' | 'PUT'
  path: string
  body?: string
  /** Sent along as `If-None-Match`. */
  known?: string
  numbers?: Record<string, NumberRange>
}
export type NumberRange = {
  from: number
  to: number
  order: 'random' | 'rising'
  /** Ids of tickets, in whose place their codes stand, or their tokens for this event. */
  shown?: 'code' | { token_for: number }
}

export type Plan = {
  request: Request
  /** Access tokens by the ids of users; left out, nobody says who they are. */
  tokens?: string[]
  /** Signs the tokens of tickets. */
  ticketKey: TicketKey
  /** The connections are spread over these servers in turn. */
  urls: string[]
  connections: number
  /** Answers that count as work; all others are reported. */
  counted: number[]
  /** Load before the measuring begins. */
  warm_s: number
  seconds: number
  /** Ends earlier when so many have been sent. */
  requests_max?: number
  /**
   * Requests a second, whether the server keeps up or not (an open loop). Left out, each connection sends its
   * next request when it has its answer (a closed loop), which is silent about those who would have come meanwhile.
   */
  rate?: number
}

export type Outcome = {
  /** Counted answers a second. */
  rate: number
  elapsed_s: number
  p50_ms: number
  p99_ms: number
  max_ms: number
  /** All answers by status, the warm-up's too. */
  statuses: Record<string, number>
  /** Connections lost, and answers that never came. */
  errors: number
}

/** Runs the load in a process of its own, so that it takes no time from the servers. */
export class Load {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (outcome: Outcome) => void; reject: (error: Error) => void }>()
  #last = 0

  constructor() {
    this.#child = fork(fileURLToPath(new URL('load-process.ts', import.meta.url)), { stdio: 'inherit' })
    this.#child.on('message', ({ id, outcome, error }: { id: number; outcome?: Outcome; error?: string }) => {
      const caller = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (outcome) caller?.resolve(outcome)
      else caller?.reject(new Error(error))
    })
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the load process ended with ${code}`))
    })
  }

  async run(plan: Plan): Promise<Outcome> {
    const id = ++this.#last
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      this.#child.send({ id, plan })
    })
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }
}
