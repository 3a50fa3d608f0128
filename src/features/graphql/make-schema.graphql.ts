import { readFileSync } from 'node:fs'
import { buildSchema, isObjectType, isScalarType, type GraphQLField, type GraphQLSchema } from 'graphql'
import { classOf } from '../../http/rate-limit.ts'
import { ruleOf } from '../accounts/access.ts'
import { refusalOf } from '../accounts/authenticate.ts'
import type { GraphContext } from './context.ts'
import type { Field, Fields } from './field.ts'
import { scalars } from './scalars.ts'

export const sdl = readFileSync(new URL('schema.graphql', import.meta.url), 'utf8')

/**
 * The schema of schema.graphql with what its fields do.
 *
 * @throws Error for a way in that has no field here, and for a field whose route is missing from the table in access.ts
 */
export function makeSchema(fields: Fields): GraphQLSchema {
  const schema = buildSchema(sdl)
  for (const [name, scalar] of Object.entries(scalars)) {
    const type = schema.getType(name)
    if (!isScalarType(type)) throw new Error(`${name} is no scalar of schema.graphql`)
    Object.assign(type, scalar)
  }
  for (const [name, field] of Object.entries(fields)) define(schema, name, field)
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    for (const name of Object.keys(type!.getFields())) {
      if (!fields[`${type!.name}.${name}`]) throw new Error(`${type!.name}.${name} goes by no route`)
    }
  }
  return schema
}

function define(schema: GraphQLSchema, name: string, field: Field): void {
  const [typeName, fieldName] = name.split('.') as [string, string]
  const type = schema.getType(typeName)
  const found = isObjectType(type) ? type.getFields()[fieldName] : undefined
  if (!found) throw new Error(`${name} is not in schema.graphql`)
  Object.assign(found, guarded(name, field))
}

/** Asks the table of access first, as a request to the field's route would be; a mutation is counted as one, too. */
function guarded(name: string, { route, resolve, subscribe }: Field): Partial<GraphQLField<unknown, GraphContext>> {
  const [method, path] = route.split(' ') as [string, string]
  const rule = ruleOf(method, path)
  if (!rule) throw new Error(`${name} goes by ${route}, which is missing from the table in access.ts`)
  const admit = (context: GraphContext) => {
    const refusal = refusalOf(rule, context.is_token_refused ? undefined : context.caller)
    if (refusal) throw refusal
  }
  const cost = name.startsWith('Mutation.') ? classOf(method, path) : undefined
  return {
    async resolve(parent, args, context) {
      admit(context)
      if (cost) await context.spend(cost)
      return resolve(parent, given(args), context)
    },
    ...(subscribe && {
      subscribe(parent, args, context) {
        admit(context)
        return subscribe(parent, given(args), context)
      },
    }),
  }
}

/** As a request's body or query would have it: what is null is left out, and objects are plain ones. */
function given(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(given)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null)
      .map(([key, one]) => [key, given(one)]),
  )
}
