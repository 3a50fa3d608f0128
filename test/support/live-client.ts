import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { WebSocket } from 'ws'
import { assertIsDocumented } from './live-messages.ts'
import { until } from './until.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- a test looks at what it expects, and fails where it is not
export type Heard = any

export type LiveClient = {
  socket: WebSocket
  /** All that it was told. */
  heard: Heard[]
  say: (message: unknown) => void
  /** The next message, among those not asked for yet, that this is true of. */
  next: (isIt: (message: Heard) => boolean) => Promise<Heard>
  closed: Promise<{ code: number; reason: string }>
  close: () => void
}

const open = new Set<WebSocket>()

/** For `after`: what a failed test leaves open would keep its process alive. */
export function closeLiveClients(): void {
  for (const socket of open) socket.terminate()
}

/** A client on a real WebSocket. What it is told is held against the AsyncAPI document. */
export async function liveClient(url: string, headers: Record<string, string> = {}): Promise<LiveClient> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/live`, { headers })
  open.add(socket)
  const heard: Heard[] = []
  let asked = 0
  socket.on('message', (data) => {
    const message: Heard = JSON.parse((data as Buffer).toString())
    assertIsDocumented(message)
    heard.push(message)
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      open.delete(socket)
      resolve({ code, reason: reason.toString() })
    })
  })
  await once(socket, 'open')
  return {
    socket,
    heard,
    closed,
    say: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    async next(isIt) {
      let found = -1
      await until(() => (found = heard.findIndex((message, index) => index >= asked && isIt(message))) >= 0)
      asked = found + 1
      return heard[found]
    },
    close: () => socket.close(),
  }
}

/** How the server answers a WebSocket that it does not take. */
export async function refusal(
  url: string,
  headers: Record<string, string>,
  path = '/live',
): Promise<{ status: number; body: Heard }> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}${path}`, { headers })
  socket.on('error', () => {})
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  let text = ''
  for await (const chunk of response) text += String(chunk)
  return { status: response.statusCode!, body: JSON.parse(text) }
}

export type EventStream = {
  status: number
  type: string | null
  /** The `data` of all events so far, and their ids. */
  heard: Heard[]
  ids: string[]
  text: () => string
  ended: Promise<void>
  close: () => void
}

/** A client of server-sent events. */
export async function eventStream(
  url: string,
  channels: string,
  headers: Record<string, string> = {},
): Promise<EventStream> {
  const end = new AbortController()
  const answer = await fetch(`${url}/live/events?channels=${channels}`, { headers, signal: end.signal })
  const heard: Heard[] = []
  const ids: string[] = []
  let text = ''
  const read = async () => {
    let rest = ''
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      const events = (rest + chunk).split('\n\n')
      rest = events.pop()!
      for (const event of events) {
        for (const line of event.split('\n')) {
          if (line.startsWith('id: ')) ids.push(line.slice(4))
          if (!line.startsWith('data: ')) continue
          const message: Heard = JSON.parse(line.slice(6))
          assertIsDocumented(message)
          heard.push(message)
        }
      }
    }
  }
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') ?? false
  if (!isStream) heard.push(await answer.json())
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    heard,
    ids,
    text: () => text,
    ended: isStream
      ? read().catch((error: Error) => {
          if (error.name !== 'AbortError' && error.name !== 'TypeError') throw error
        })
      : Promise.resolve(),
    close: () => end.abort(),
  }
}
