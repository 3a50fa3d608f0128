import { GraphQLError, Kind, type GraphQLScalarType, type ValueNode } from 'graphql'
import { integer_max } from '../../lib/limits.ts'
import { parseRfc3339 } from '../../lib/time.ts'

type Scalar = Pick<GraphQLScalarType, 'parseValue' | 'parseLiteral' | 'serialize'>

const id = (value: unknown): number => {
  const number = typeof value === 'string' && /^[1-9]\d{0,15}$/.test(value) ? Number(value) : value
  if (Number.isSafeInteger(number) && (number as number) > 0) return number as number
  throw new GraphQLError(`an Id is an integer from 1 to ${integer_max}`)
}

const seq = (value: unknown): number => {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw new GraphQLError('a Seq is an integer from 0')
}

const money = (value: unknown): number => {
  if (Number.isSafeInteger(value)) return value as number
  throw new GraphQLError('Money is an integer, in minor units')
}

const moment = (value: unknown): string => {
  if (typeof value === 'string' && value.length <= 40 && parseRfc3339(value) !== undefined) return value
  throw new GraphQLError('a DateTime is a moment by RFC 3339 with a zone, such as 2030-12-31T19:00:00Z')
}

/** What the texts of documents hold: numbers are read as numbers. */
function literal(parse: (value: unknown) => unknown): (node: ValueNode) => unknown {
  return (node) => parse(node.kind === Kind.INT ? Number(node.value) : node.kind === Kind.STRING ? node.value : null)
}

const scalar = (parse: (value: unknown) => unknown): Scalar => ({
  parseValue: parse,
  parseLiteral: literal(parse),
  // Shown as version 2 shows it: it comes from there.
  serialize: (value) => value,
})

/** The scalars of schema.graphql that GraphQL does not bring along. */
export const scalars: Readonly<Record<string, Scalar>> = {
  Id: scalar(id),
  Seq: scalar(seq),
  Money: scalar(money),
  DateTime: scalar(moment),
}
