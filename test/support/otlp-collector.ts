import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding, as far as tests look at it. */
export type CollectedSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  attributes: { key: string; value: { stringValue?: string; intValue?: number } }[]
  links?: { traceId: string; spanId: string }[]
  status: { code?: number }
}
type Export = { resourceSpans: { scopeSpans: { spans: CollectedSpan[] }[] }[] }

/** A collector that speaks OTLP over HTTP, and keeps the spans that it is sent. */
export async function startCollector() {
  const spans: CollectedSpan[] = []
  const bodies: string[] = []
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await text(request)
    bodies.push(body)
    const { resourceSpans } = JSON.parse(body) as Export
    for (const { scopeSpans } of resourceSpans) for (const scope of scopeSpans) spans.push(...scope.spans)
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  }
  const server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    /** All that was sent, as text. */
    bodies,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}
