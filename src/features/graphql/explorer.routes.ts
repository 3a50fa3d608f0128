import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'

const base = '/graphql/explorer/'

/** Beside this package's index; which is not loaded: it brings along a validator of its own options. */
const files = join(dirname(createRequire(import.meta.url).resolve('altair-static')), 'dist')

/** What the explorer needs: its own files, and styles that its framework writes while it runs. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; base-uri 'self'; form-action 'none'; " +
  "frame-ancestors 'none'"

const options = {
  endpointURL: '/graphql',
  subscriptionsEndpoint: '/graphql',
  initialSubscriptionRequestHandlerId: 'graphql-ws',
  initialQuery:
    '{\n  events(first: 10) {\n    edges {\n      node { id title date price_text available_seat }\n    }\n  }\n}\n',
  disableAccount: true,
  initialSettings: { 'alert.disableUpdateNotification': true, 'alert.disableWarnings': true, 'banners.disable': true },
}

/** A page to try GraphQL on, Altair, from its package: nothing is loaded from elsewhere. Not for production. */
export const explorerRoutes: FastifyPluginAsync = async (app) => {
  const html = await readFile(join(files, 'index.html'), 'utf8')
  const page = html
    .replace(/<base [^>]*>/, `<base href="${base}">`)
    .replace('</body>', `<script type="module" src="begin.js"></script></body>`)

  app.addHook('onRequest', async (_request, reply) => {
    void reply.header('content-security-policy', policy)
  })
  app.get('/graphql/explorer', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(page),
  )
  app.get('/graphql/explorer/begin.js', { schema: { hide: true } }, async (_request, reply) =>
    reply.type('text/javascript; charset=utf-8').send(`AltairGraphQL.init(${JSON.stringify(options)})`),
  )
  await app.register(fastifyStatic, { root: files, prefix: base, decorateReply: false, schemaHide: true, index: false })
}
