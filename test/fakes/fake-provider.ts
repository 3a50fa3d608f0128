import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProviderName } from '../../src/db/schema.ts'
import type { HttpOptions } from '../../src/features/payments/providers/http.ts'
import type { PaymentProvider } from '../../src/features/payments/providers/provider.ts'

/**
 * How a provider may misbehave. Those that end in `after` do what was asked first: the money has moved, and nobody says
 * so. `hang` and `hang after` never answer; the client's time-out ends them.
 */
export type Misbehaviour = 'error' | 'too many' | 'garbage' | 'huge' | 'hang' | 'hang after' | 'drop' | 'drop after'

/** What customers paid and got back under an attempt's key, in minor units as src/lib/money.ts counts them. */
export type Books = Map<string, { paid: number; refunded: number }>

/** As it is to be posted. */
export type SentWebhook = { headers: Record<string, string>; body: Buffer }

export type WebhookOptions = {
  /** Signed by somebody who does not know the key. */
  forge?: boolean
  /** One byte is changed after it was signed. */
  tamper?: boolean
  /** When it is signed; now. */
  at?: Date
}

export type PayOptions = {
  /** In minor units; else what was asked for. */
  amount?: number
  currency?: string
  channel?: string
  /** On this page, of several under one key; else on the newest. */
  reference?: string | undefined
  /** Although it is closed or expired: a bank transfer that was under way. */
  late?: boolean
}

/** A payment provider that keeps its own books, over real HTTP; what customers and banks do is done by calls. */
export type FakeProvider = {
  name: ProviderName
  url: string
  currency: string
  /** A way of paying that the provider can't reverse; undefined if it has none. */
  irreversible: string | undefined
  /** The adapter that speaks to it. */
  provider: (http?: HttpOptions) => PaymentProvider
  /** The customer chooses a way to pay, and has not paid yet. */
  begin: (key: string, channel?: string) => void
  /** False if the provider does not take it: it is paid, or closed and not `late`. */
  pay: (key: string, options?: PayOptions) => boolean
  decline: (key: string) => void
  expire: (key: string) => void
  /** The money is handed on to us, which changes what may be done with it. */
  settle: (key: string) => void
  /** What becomes of refunds: at once, or `finishRefunds` decides. */
  refundsTake: (time: 'no time' | 'their time') => void
  finishRefunds: (succeed?: boolean) => void
  /** The next calls go wrong; if it says so, only those that are like `POST /v2/invoices`. */
  misbehave: (how: Misbehaviour, times?: number, calls?: RegExp) => void
  /** Nothing more goes wrong. */
  behave: () => void
  /** What the provider would send now. Made early and sent late, it is out of order. */
  webhook: (key: string, options?: WebhookOptions) => SentWebhook
  books: () => Books
  /** How many payments were made under a key: more than one is somebody's mistake. */
  madeUnder: (key: string) => number
  requests: { method: string; path: string; headers: IncomingHttpHeaders; body: string }[]
  stop: () => Promise<void>
}

/** Posts webhooks in the order given, each so many times; the statuses of the answers. */
export async function deliver(
  url: string,
  webhooks: SentWebhook[],
  { times = 1, delay_ms = 0 } = {},
): Promise<number[]> {
  const statuses: number[] = []
  for (const { headers, body } of webhooks) {
    for (let time = 0; time < times; time++) {
      if (delay_ms > 0) await sleep(delay_ms)
      const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) })
      await answer.body?.cancel()
      statuses.push(answer.status)
    }
  }
  return statuses
}

/** One byte is another one, and it is JSON still: the last digit becomes its neighbour. */
export function tampered(body: Buffer): Buffer {
  const text = body.toString()
  const at = text.search(/\d\D*$/)
  return Buffer.from(text.slice(0, at) + String((Number(text[at]) + 1) % 10) + text.slice(at + 1))
}

export type FakeRequest = {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: string
}
export type FakeAnswer = [status: number, body: unknown, headers?: Record<string, string>]

/** The server of a fake on a port of its own: answers by `handle`, or misbehaves. */
export async function fakeServer(
  handle: (request: FakeRequest) => FakeAnswer,
): Promise<Pick<FakeProvider, 'url' | 'misbehave' | 'behave' | 'requests' | 'stop'>> {
  const requests: FakeProvider['requests'] = []
  const wrongs: { how: Misbehaviour; calls: RegExp | undefined }[] = []

  const respond = (response: ServerResponse, [status, body, headers]: FakeAnswer, text = JSON.stringify(body)) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text)
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of message) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(message.url!, 'http://fake')
    const request: FakeRequest = {
      method: message.method!,
      path: decodeURIComponent(pathname),
      query: searchParams,
      headers: message.headers,
      body: Buffer.concat(chunks).toString(),
    }
    requests.push(request)
    const index = wrongs.findIndex(({ calls }) => !calls || calls.test(`${request.method} ${request.path}`))
    const how = index === -1 ? undefined : wrongs.splice(index, 1)[0]!.how
    const answer: FakeAnswer = how === undefined || how.endsWith('after') ? handle(request) : [500, {}]
    switch (how) {
      case undefined:
        return respond(response, answer)
      case 'error':
        return respond(response, [500, { status_code: '500', message: 'fake trouble', error: { message: 'trouble' } }])
      case 'too many':
        return respond(response, [429, { status_code: '429', message: 'too many', error: { message: 'too many' } }])
      case 'garbage':
        return respond(response, [200, ''], '<html>maintenance</html>')
      case 'huge':
        return respond(response, [200, ''], JSON.stringify({ fill: 'x'.repeat(2_000_000) }))
      case 'drop':
      case 'drop after':
        message.socket.destroy()
        return
      case 'hang':
      case 'hang after':
    }
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      console.error(error)
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    misbehave(how, times = 1, calls) {
      for (let time = 0; time < times; time++) wrongs.push({ how, calls })
    },
    behave: () => wrongs.splice(0),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
