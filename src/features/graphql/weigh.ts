import {
  getNamedType,
  isCompositeType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLSchema,
  type GraphQLType,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import { DomainError } from '../../lib/errors.ts'
import { limits, rows_assumed } from './limits.ts'

type Counts = { fields: number; aliases: number; directives: number }
type Variables = Readonly<Record<string, unknown>>

/**
 * Goes through what an operation would do, fragments and all, before anything else is done with it. Whatever is wrong with it
 * otherwise is left to GraphQL's own validation; its cost is counted in objects, and rows that a list is asked for multiply
 * what is asked of each.
 *
 * @throws DomainError `document_too_complex`, `invalid_document` for fragments that go round in a circle
 */
export function weigh(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Variables,
): void {
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const one of document.definitions) if (one.kind === Kind.FRAGMENT_DEFINITION) fragments.set(one.name.value, one)
  const counts: Counts = { fields: 0, aliases: 0, directives: 0 }
  const root = schema.getRootType(operation.operation)
  const cost = costOf(operation.selectionSet, root ?? undefined, 1, [])
  if (cost > limits.cost_max) {
    throw tooComplex(`it would cost ${Math.round(cost)}, and ${limits.cost_max} is the most: ask for fewer rows`)
  }

  function costOf(
    { selections }: SelectionSetNode,
    type: GraphQLType | undefined,
    depth: number,
    path: readonly string[],
  ): number {
    if (depth > limits.depth_max) throw tooComplex(`its fields are nested more than ${limits.depth_max} deep`)
    let cost = 0
    for (const selection of selections) {
      count('directives', selection.directives?.length ?? 0)
      count('fields', 1)
      if (selection.kind === Kind.FIELD) {
        count('aliases', selection.alias ? 1 : 0)
        cost += fieldCost(selection, type, depth, path)
        continue
      }
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        cost += costOf(selection.selectionSet, type, depth, path)
        continue
      }
      const name = selection.name.value
      if (path.includes(name)) throw new DomainError('invalid_document', `the fragment "${cut(name)}" is within itself`)
      const fragment = fragments.get(name)
      if (fragment) cost += costOf(fragment.selectionSet, type, depth, [...path, name])
    }
    return cost
  }

  function fieldCost(node: FieldNode, parent: GraphQLType | undefined, depth: number, path: readonly string[]): number {
    if (!node.selectionSet) return 0
    const field = isObjectType(parent) ? parent.getFields()[node.name.value] : undefined
    const inner = costOf(node.selectionSet, field && getNamedType(field.type), depth + 1, path)
    if (!field || !isCompositeType(getNamedType(field.type))) return inner
    const asked = field.args.some(({ name }) => name === 'first') ? firstOf(node, field) : undefined
    if (asked !== undefined) return 1 + asked * (1 + inner)
    // The rows of a connection were counted where they were asked for.
    const isFew = isList(field.type) && node.name.value !== 'edges'
    return (1 + inner) * (isFew ? rows_assumed : 1)
  }

  /** Whatever is no number is refused later, by GraphQL or by the schema of the list. */
  function firstOf(node: FieldNode, field: GraphQLField<unknown, unknown>): number {
    const given = node.arguments?.find(({ name }) => name.value === 'first')?.value
    const value =
      given?.kind === Kind.VARIABLE
        ? variables[given.name.value]
        : given?.kind === Kind.INT
          ? Number(given.value)
          : undefined
    const first =
      typeof value === 'number' ? value : Number(field.args.find(({ name }) => name === 'first')?.defaultValue)
    return Math.max(first, 0)
  }

  function count(what: keyof Counts, more: number): void {
    counts[what] += more
    const most = limits[`${what}_max`]
    if (counts[what] > most) throw tooComplex(`it has more than ${most} ${what}`)
  }
}

const isList = (type: GraphQLType): boolean => (isNonNullType(type) ? isList(type.ofType) : isListType(type))

const cut = (name: string) => name.slice(0, limits.name_length_max)

export const tooComplex = (why: string) =>
  new DomainError('document_too_complex', `the GraphQL document asks for too much: ${why}`)
