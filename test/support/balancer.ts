import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerRole } from '../../src/config.ts'

const probe_ms = 200
/** So long a request waits for a server that is ready. */
const wait_ms_max = 15_000

type Upstream = { url: string; isReady: boolean }

/** What was begun and not answered: by which server, and when. */
export type CutOff = { url: string; at: number; what: string }

export type Balancer = {
  url: string
  /** From now on it may be asked. */
  add: (role: ServerRole, url: string) => void
  remove: (url: string) => void
  cutOff: CutOff[]
  close: () => void
}

/**
 * What stands before several servers: it sends each path to a server of its role that says that it is ready, and waits
 * for one if there is none. A request that has reached a server is never sent again: cut off, it is answered 502.
 */
export async function startBalancer(): Promise<Balancer> {
  const upstreams = new Map<ServerRole, Upstream[]>()
  const cutOff: CutOff[] = []
  const agent = new Agent({ keepAlive: true })
  const end = new AbortController()
  let turn = 0

  async function probe(upstream: Upstream): Promise<void> {
    while (!end.signal.aborted && [...upstreams.values()].flat().includes(upstream)) {
      upstream.isReady = await fetch(`${upstream.url}/readyz`, { signal: AbortSignal.timeout(5_000) }).then(
        async (answer) => (await answer.text(), answer.ok),
        () => false,
      )
      await sleep(probe_ms)
    }
  }

  function pick(role: ServerRole): Upstream | undefined {
    const ready = (upstreams.get(role) ?? []).filter(({ isReady }) => isReady)
    return ready[turn++ % ready.length]
  }

  async function pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    const until = Date.now() + wait_ms_max
    while (Date.now() < until) {
      const upstream = pick(roleOf(incoming.url!))
      if (upstream && (await send(upstream, incoming, body, outgoing))) return
      await sleep(20)
    }
    outgoing.writeHead(504).end()
  }

  /** False if the server was not reached, so that another one may be asked. */
  function send(
    upstream: Upstream,
    incoming: IncomingMessage,
    body: Buffer,
    outgoing: ServerResponse,
  ): Promise<boolean> {
    const { method, url, headers } = incoming
    return new Promise((resolve) => {
      const asked = request(`${upstream.url}${url}`, { method: method!, agent, headers: { ...headers, connection: 'keep-alive' } }) // prettier-ignore
      const broken = (error: NodeJS.ErrnoException) => {
        upstream.isReady = false
        if (error.code === 'ECONNREFUSED') return resolve(false)
        cutOff.push({ url: upstream.url, at: Date.now(), what: `${method} ${url}: ${error.code}` })
        if (!outgoing.headersSent) outgoing.writeHead(502)
        outgoing.end()
        resolve(true)
      }
      asked.on('error', broken)
      asked.on('response', (answer) => {
        const parts: Buffer[] = []
        answer.on('data', (part: Buffer) => parts.push(part))
        answer.on('error', broken)
        answer.on('end', () => {
          const { connection: _connection, 'transfer-encoding': _encoding, ...kept } = answer.headers
          outgoing.writeHead(answer.statusCode!, kept).end(Buffer.concat(parts))
          resolve(true)
        })
      })
      asked.end(body)
    })
  }

  /** WebSockets: from here on bytes are passed on as they come. */
  function passBytes(incoming: IncomingMessage, client: Duplex, head: Buffer): void {
    const upstream = pick(roleOf(incoming.url!))
    if (!upstream) return void client.destroy()
    const { rawHeaders, method, url } = incoming
    const lines = rawHeaders.map((text, n) => (n % 2 === 0 ? `${text}: ` : `${text}\r\n`))
    const asked = connect(Number(new URL(upstream.url).port), '127.0.0.1')
    asked.write(`${method} ${url} HTTP/1.1\r\n${lines.join('')}\r\n`)
    asked.write(head)
    for (const [one, other] of [
      [asked, client],
      [client, asked],
    ] as const) {
      // prettier-ignore
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
  }

  const server = createServer((incoming, outgoing) => void pass(incoming, outgoing))
  server.on('upgrade', passBytes)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add(role, url) {
      const upstream = { url, isReady: false }
      upstreams.set(role, [...(upstreams.get(role) ?? []), upstream])
      void probe(upstream)
    },
    remove(url) {
      for (const [role, of] of upstreams) upstreams.set(role, of.filter((one) => one.url !== url)) // prettier-ignore
    },
    cutOff,
    close() {
      end.abort()
      server.close()
      server.closeAllConnections()
      agent.destroy()
    },
  }
}

function roleOf(path: string): ServerRole {
  if (/^\/(api\/v2\/webhooks|sandbox)\//.test(path)) return 'payments'
  return /^\/live(?:[/?]|$)/.test(path) ? 'live' : 'api'
}
