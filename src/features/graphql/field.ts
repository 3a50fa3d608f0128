import type { GraphContext } from './context.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- what a field is given is told by the schema, which is no type here
type Given = any

/** A field that does something: by which route's rule, and what. All others show what is in their object. */
export type Field = Readonly<{
  /** As the table in access.ts names it: `GET /events/:id`. */
  route: string
  resolve: (parent: Given, args: Given, context: GraphContext) => unknown
  subscribe?: (parent: Given, args: Given, context: GraphContext) => Promise<AsyncIterable<unknown>>
}>

/** By type and field: `Query.event`. */
export type Fields = Readonly<Record<string, Field>>

/** A field that goes by the rule of this route. */
export const by = (route: string, resolve: Field['resolve']): Field => ({ route, resolve })

/** A subscription by the rule of this route: each item is made an update when it is sent. */
export const watchBy = (
  route: string,
  subscribe: NonNullable<Field['subscribe']>,
  resolve: Field['resolve'],
): Field => ({ route, subscribe, resolve })
