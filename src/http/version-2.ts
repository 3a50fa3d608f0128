import type { FastifyInstance } from 'fastify'
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
