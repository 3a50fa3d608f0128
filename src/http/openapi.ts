import { fastifySwagger } from '@fastify/swagger'
import { fastifySwaggerUi } from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { DomainError } from '../lib/errors.ts'
import { docsPolicy } from './security-headers.ts'

const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40" width="120" height="40">' +
  '<path d="M6 8h28v7a5 5 0 0 0 0 10v7H6v-7a5 5 0 0 0 0-10z" fill="#f5b700"/>' +
  '<path d="M26 11v18" stroke="#1b1b1b" stroke-width="2" stroke-dasharray="3 3"/>' +
  '<text x="44" y="27" font-family="sans-serif" font-size="20" font-weight="700" fill="#fff">Karcis</text></svg>'
const license = { name: 'MIT', identifier: 'MIT' }
const servers = [{ url: '/', description: 'This server' }]
const common = 'Ids are positive integers, money is an integer in minor units, and times are RFC 3339 in UTC. '
const security = [{ bearer: [] }]
const components = {
  securitySchemes: {
    bearer: {
      type: 'http' as const,
      scheme: 'bearer',
      description: 'An access token of `POST /auth/login`, or an API key. Not asked for where `AUTH=off`.',
    },
  },
}
const tags = [
  { name: 'accounts', description: 'Signing in and out' },
  { name: 'users', description: 'Customers and organizers' },
  { name: 'events', description: 'What is on, and how many seats are left' },
  { name: 'bookings', description: 'Seats taken' },
  { name: 'tickets', description: 'What is shown at the door' },
]
const tagsOfV1 = [...tags, { name: 'health', description: 'For whoever runs the server' }]
const tagsOfV2 = [
  ...tags,
  { name: 'ticket types', description: 'What kinds of tickets an event sells: prices, limits, seats of their own' },
  { name: 'documents', description: 'Tickets on paper and on screens, calendar entries, and links to them' },
  { name: 'images', description: 'Pictures of events' },
  { name: 'payments', description: 'Paying for pending bookings, and money on its way back' },
  { name: 'staff', description: 'Who works at the door' },
  { name: 'api keys', description: 'For integrations' },
  { name: 'audit', description: 'What happened' },
  { name: 'ledger', description: 'What was taken, and what is owed to whom' },
  { name: 'mails', description: 'What was written to people, and what became of it' },
  { name: 'outbox', description: 'What has yet to happen outside this server' },
]

declare module 'fastify' {
  interface FastifyInstance {
    swaggerV2: FastifyInstance['swagger']
  }
}

/** A document for each version, and a page to browse them at /docs, served from here alone. */
export async function serveReference(app: FastifyInstance): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Karcis',
        version: '1.0.0',
        description:
          'A ticketing server. Every answer is wrapped: `{"success":true,"message":…,"data":…}`, or ' +
          `\`{"success":false,"error":…}\`. ${common}The same routes are served without \`/api/v1\`, too.`,
        license,
      },
      servers,
      tags: tagsOfV1,
      components,
      security,
    },
    transform: ({ schema, url }) => ({
      url,
      schema: { ...schema, hide: schema?.hide ?? !/^\/(api\/v1\/|healthz|readyz)/.test(url) },
    }),
  })
  await app.register(fastifySwagger, {
    decorator: 'swaggerV2',
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Karcis',
        version: '2.0.0',
        description:
          `A ticketing server. ${common}Answers are resources without an envelope; refusals are problems (RFC 9457) ` +
          'with a stable `code`. Lists go on at `next_cursor`. Every GET has an `ETag`; an update needs it as ' +
          '`If-Match`, and a deletion, or a new name on a ticket, heeds it. Every POST but those of signing in and of ' +
          'pictures takes an `Idempotency-Key`. Fields and parameters that are not known are refused.',
        license,
      },
      servers,
      tags: tagsOfV2,
      components,
      security,
    },
    transform: ({ schema, url }) => ({
      url,
      schema: { ...schema, hide: schema?.hide ?? !url.startsWith('/api/v2/') },
    }),
  })
  await app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    uiConfig: {
      deepLinking: true,
      urls: [
        { url: '/api/v2/openapi.json', name: 'Version 2' },
        { url: '/openapi.json', name: 'Version 1' },
      ],
    },
    logo: { type: 'image/svg+xml', content: Buffer.from(logo), href: '/docs', target: '_self' },
    theme: { title: 'Karcis API' },
    staticCSP: docsPolicy,
  })
  // People look around from here, until there is something else to look at; programs are told that there is nothing.
  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    if (!request.headers.accept?.includes('text/html')) throw new DomainError('route_not_found')
    return reply.redirect('/docs')
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  app.get('/api/v2/openapi.json', { schema: { hide: true } }, async () => app.swaggerV2())
}
