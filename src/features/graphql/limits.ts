/** What a document may ask for at most. docs/graphql.md names these, and says what they mean. */
export const limits = {
  document_length_max: 20_000,
  tokens_max: 2_000,
  operations_max: 10,
  depth_max: 15,
  /** Each time that a fragment is used, its fields count again. */
  fields_max: 500,
  aliases_max: 30,
  directives_max: 30,
  cost_max: 5_000,
  name_length_max: 100,
  /** Of a request: a booking names up to 1,000 holders. */
  body_bytes_max: 512 * 1024,
  /** On one connection. */
  subscriptions_max: 20,
  /** From one connection, in 10 seconds. */
  messages_max: 200,
} as const

/** How many rows a list that can't be told how many is taken for, when its cost is reckoned: types, pictures, payments. */
export const rows_assumed = 5
