import { fastifyCors } from '@fastify/cors'
import type { FastifyInstance } from 'fastify'

const preflight_s_max = 600

/** Lets pages of the named origins, and no others, use the API. Answers their preflights on every route. */
export async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  if (origins.length === 0) return
  const allowed = new Set(origins)
  await app.register(fastifyCors, {
    // A function, since with a list everybody would get the headers, if not the permission. No credentials: a page says who
    // it is in a header, which no other page can make a browser send.
    origin: (origin, decide) => decide(null, origin !== undefined && allowed.has(origin)),
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'X-Request-Id'],
    exposedHeaders: [
      'ETag',
      'Link',
      'Location',
      'Retry-After',
      'RateLimit',
      'RateLimit-Policy',
      'Idempotency-Replayed',
      'X-Request-Id',
    ],
    maxAge: preflight_s_max,
    // Strict, it would answer an incomplete preflight in plain text.
    strictPreflight: false,
  })
}
