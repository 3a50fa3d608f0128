import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { docsPolicy } from './security-headers.ts'

/** The document at /openapi.json, and a page to browse it at /docs, served from here alone. */
export async function serveReference(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Karcis',
        version: '1.0.0',
        description:
          'A ticketing server. Every answer is wrapped: `{"success":true,"message":…,"data":…}`, or ' +
          '`{"success":false,"error":…}`. Ids are positive integers, money is an integer in minor units, and times ' +
          'are RFC 3339 in UTC. The same routes are served without `/api/v1`, too.',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'This server' }],
      tags: [
        { name: 'users', description: 'Customers and organizers' },
        { name: 'events', description: 'What is on, and how many seats are left' },
        { name: 'bookings', description: 'Seats taken' },
        { name: 'tickets', description: 'What is shown at the door' },
        { name: 'health', description: 'For whoever runs the server' },
      ],
    },
    transform: ({ schema, url }) => ({
      url,
      schema: { ...schema, hide: schema?.hide ?? !/^\/(api\/|healthz|readyz)/.test(url) },
    }),
  })
  await app.register(fastifySwaggerUi, { routePrefix: '/docs', uiConfig: { deepLinking: true }, staticCSP: docsPolicy })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}
