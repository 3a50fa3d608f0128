import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { parseAsJson } from './body-parser.ts'
import { answerNotModified } from './entity-tag.ts'
import { validatorCompilerV2 } from './validation.ts'

/** What all routes of version 2 share, in a scope of their own: how they validate, read patches and tag answers. */
export function speakVersion2(app: FastifyInstance): void {
  app.setValidatorCompiler(validatorCompilerV2)
  // https://www.rfc-editor.org/rfc/rfc7396
  parseAsJson(app, 'application/merge-patch+json')
  answerNotModified(app)
}

/**
 * Takes no parameter of a query but those that a route names: a misspelt one would be ignored silently. Not for what payment
 * providers call: what they put there is theirs.
 */
export function refuseUnknownParameters(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const { querystring = Type.Object({}) } = route.schema ?? {}
    route.schema = { ...route.schema, querystring: { ...(querystring as object), additionalProperties: false } }
  })
}
