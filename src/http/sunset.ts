import type { FastifyInstance } from 'fastify'
import type { Sunsets } from '../config.ts'

/**
 * Tells the clients of a version that it is going out of use: `Deprecation` (RFC 9745) since when, `Sunset`
 * (RFC 8594) until when. The paths without a version are version 1.
 */
export function announceSunsets(app: FastifyInstance, { v1, v2 }: Sunsets): void {
  if (!v1 && !v2) return
  const headers = { v1: v1 && headersOf(v1), v2: v2 && headersOf(v2) }
  app.addHook('onRequest', (request, reply, done) => {
    const ofVersion = headers[request.url.startsWith('/api/v2/') ? 'v2' : 'v1']
    if (ofVersion) void reply.headers(ofVersion)
    done()
  })
}

function headersOf({ deprecated, sunset }: NonNullable<Sunsets['v1']>) {
  return {
    deprecation: `@${deprecated.getTime() / 1_000}`,
    ...(sunset && { sunset: sunset.toUTCString() }),
  }
}
