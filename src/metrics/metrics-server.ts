import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Metrics } from './prometheus.ts'

const request_ms_max = 10_000

export type MetricsServer = Readonly<{ port: number; close: () => Promise<void> }>

/** Answers `GET /metrics` on a port of its own, and nothing else. */
export async function startMetricsServer(metrics: Metrics, port: number, host: string): Promise<MetricsServer> {
  const limits = { requestTimeout: request_ms_max, headersTimeout: request_ms_max }
  const server = createServer(limits, (request, response) => void answer(metrics, request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(metrics: Metrics, { url, method }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url?.split('?')[0] !== '/metrics') response.writeHead(404).end()
  else if (method !== 'GET') response.writeHead(405, { allow: 'GET' }).end()
  else {
    try {
      const text = await metrics.text()
      response.writeHead(200, { 'content-type': metrics.type, 'cache-control': 'no-store' }).end(text)
    } catch {
      // Of several processes one did not answer in time.
      response.writeHead(503).end()
    }
  }
}
