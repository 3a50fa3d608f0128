import { setTimeout as wait } from 'node:timers/promises'
import { observe } from '../../../lib/metrics.ts'
import { traced } from '../../../lib/tracing.ts'
import { breaker, NotAsked, type Breaker } from './breaker.ts'
import { ProviderError } from './provider.ts'

const timeout_ms_default = 10_000
const retries_max_default = 2
const backoff_ms_max = 2_000
const answer_bytes_max = 1_000_000
const message_length_max = 200

/** What a test may replace, and an operator may tune. */
export type HttpOptions = Readonly<{
  /** For one try, from the connection to the last byte of the answer. */
  timeout_ms?: number
  /** How often more a call is made that was not answered. */
  retries_max?: number
  sleep?: (ms: number) => Promise<unknown>
  random?: () => number
  breaker?: Breaker
}>

export type HttpCall = Readonly<{
  method: 'GET' | 'POST'
  url: string
  headers?: Readonly<Record<string, string>>
  json?: unknown
  form?: Readonly<Record<string, string>>
  /** For a call that would be done twice: one that has no key which the provider knows again. */
  once?: boolean
}>

/** What the provider said: an HTTP status that is its own for certain, and the JSON with it. */
export type HttpAnswer = Readonly<{ status: number; body: unknown }>

/** Where a provider says what is wrong. `status` replaces that of HTTP, for those who answer 200 to everything. */
export type ReadAnswer = (
  status: number,
  body: unknown,
  call: HttpCall,
) => Readonly<{ status: number; message: string | undefined }>

export type HttpClient = Readonly<{
  /**
   * The body of an answer that says yes.
   *
   * @throws ProviderError
   */
  ask: (call: HttpCall) => Promise<unknown>
  /**
   * The same, but a refusal is an answer like any other, for callers who know what it means.
   *
   * @throws ProviderError `unknown` only
   */
  send: (call: HttpCall) => Promise<HttpAnswer>
  /** What an answer of `send` becomes when it was not expected after all. */
  refusal: (answer: HttpAnswer) => ProviderError
}>

/**
 * A client of one provider.
 *
 * A call that is not answered is made again, with growing random pauses, because every call has a key under which the
 * provider does it once, or reads, or ends what may be ended twice; what has no such key says `once`. A provider may
 * refuse what it has done already, so a refusal is no proof that nothing was done. Never after a time-out: whoever waits
 * has waited long enough by then, and the work is tried again later anyway.
 *
 * @param secret never to be told: it is taken out of whatever the provider says
 */
export function httpClient(
  provider: string,
  authorization: string,
  secret: string,
  read: ReadAnswer,
  {
    timeout_ms = timeout_ms_default,
    retries_max = retries_max_default,
    sleep = wait,
    random = Math.random,
    breaker: guard = breaker(provider),
  }: HttpOptions = {},
): HttpClient {
  const unknown = (what: string, options?: ErrorOptions) => new ProviderError('unknown', `${provider} ${what}`, options)

  const tell = (message: string | undefined) =>
    (message ?? 'without a reason')
      .replaceAll(secret, '…')
      // oxlint-disable-next-line no-control-regex -- they would break the lines of a log
      .replace(/[\u0000-\u001f\u007f]+/g, ' ')
      .slice(0, message_length_max)

  // As it is called everywhere else, and not as people read it.
  const label = provider.toLowerCase()

  async function timed(call: HttpCall): Promise<HttpAnswer> {
    const began_ms = performance.now()
    const note = (outcome: string) =>
      observe('karcis_provider_call_seconds', { provider: label, outcome }, (performance.now() - began_ms) / 1_000)
    try {
      // Without the path, in which there may be keys; and the provider is not told of the trace.
      const said = { 'http.request.method': call.method, 'server.address': new URL(call.url).hostname }
      const answer = await traced(`provider ${label}`, said, () => exchange(call))
      note('answered')
      return answer
    } catch (error) {
      note(error instanceof TimeOut ? 'timed_out' : 'failed')
      throw error
    }
  }

  async function exchange(call: HttpCall): Promise<HttpAnswer> {
    const signal = AbortSignal.timeout(timeout_ms)
    let text: string | undefined
    let status = 0
    try {
      const answer = await fetch(call.url, {
        method: call.method,
        headers: {
          accept: 'application/json',
          authorization,
          ...(call.json !== undefined && { 'content-type': 'application/json' }),
          ...call.headers,
        },
        ...(call.json !== undefined && { body: JSON.stringify(call.json) }),
        ...(call.form && { body: new URLSearchParams(call.form) }),
        // Followed, it would carry the key to wherever it points.
        redirect: 'manual',
        signal,
      })
      status = answer.status
      text = await readText(answer)
    } catch (error) {
      if (signal.aborted) throw new TimeOut(`${provider} did not answer within ${timeout_ms} ms`, { cause: error })
      throw unknown('could not be reached, or broke off', { cause: error })
    }
    const body = parse(text)
    if (body === undefined || (status >= 300 && status < 400)) throw unknown(`gave an unreadable answer (${status})`)
    const said = read(status, body, call)
    // 401: nothing is wrong with what was asked, and it will be done when the key is right again.
    // 409: the same is under way, or was before under this key: what became of it must be asked.
    if (said.status >= 500 || [401, 408, 409, 425, 429].includes(said.status)) {
      throw unknown(`answered ${said.status}: ${tell(said.message)}`)
    }
    return { status: said.status, body }
  }

  async function send(call: HttpCall): Promise<HttpAnswer> {
    for (let tries = 0; ; tries++) {
      try {
        return await guard(() => timed(call))
      } catch (error) {
        if (call.once || error instanceof TimeOut || error instanceof NotAsked || tries >= retries_max) throw error
        // Full jitter: those who met a provider that was busy should not meet there again.
        await sleep(random() * Math.min(backoff_ms_max, 200 * 2 ** tries))
      }
    }
  }

  const refusal = ({ status, body }: HttpAnswer) =>
    new ProviderError(
      'refused',
      `${provider} refused (${status}): ${tell(read(status, body, { method: 'GET', url: '' }).message)}`,
    )

  return {
    send,
    refusal,
    async ask(call) {
      const answer = await send(call)
      if (answer.status >= 400) throw refusal(answer)
      return answer.body
    },
  }
}

class TimeOut extends ProviderError {
  constructor(message: string, options?: ErrorOptions) {
    super('unknown', message, options)
  }
}

export const basic = (user: string) => `Basic ${Buffer.from(`${user}:`).toString('base64')}`
export const bearer = (token: string) => `Bearer ${token}`

/** Undefined if it is longer than any answer that means something. */
async function readText(answer: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  // Leaving the loop cancels what is still to come.
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    if (size > answer_bytes_max) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}
