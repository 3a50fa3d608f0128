import fastify from 'fastify'
import { NoSchemaIntrospectionCustomRule, type ExecutionResult, type GraphQLSchema } from 'graphql'
import { mercurius } from 'mercurius'
import type { GraphContext } from './context.ts'

/** Documents whose validation is remembered: as many that are sound, and as many that are not. */
const documents_max = 500

/** What runs documents. */
export type Engine = Readonly<{
  /** @throws an error with `errors` for a document or for variables that don't fit the schema */
  run: (
    source: string,
    context: GraphContext,
    variables: Record<string, unknown>,
    operationName: string | undefined,
  ) => Promise<ExecutionResult>
  close: () => Promise<void>
}>

/**
 * Mercurius, which remembers what it has validated, on a server of its own that nobody can reach. It is given what
 * graphql.routes.ts has read and weighed, and none of its routes is served.
 *
 * There is no compilation of documents (`jit`): it makes code of what clients send.
 */
export async function openEngine(schema: GraphQLSchema, isIntrospective: boolean): Promise<Engine> {
  const host = fastify()
  await host.register(mercurius, {
    schema,
    routes: false,
    cache: documents_max,
    validationRules: isIntrospective ? [] : [NoSchemaIntrospectionCustomRule],
    // As they are: graphql.routes.ts knows how to show them.
    errorFormatter: ({ data, errors }) => ({
      statusCode: 200,
      response: { data: data ?? null, errors: errors as never },
    }),
  })
  await host.ready()
  return {
    // Mercurius writes into the context that it is given.
    run: (source, context, variables, operationName) =>
      host.graphql(source, { ...context }, variables, operationName) as Promise<ExecutionResult>,
    close: () => host.close(),
  }
}
