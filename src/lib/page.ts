/** Which part of a list is asked for: `page` counts from 1, `limit` is its length. */
export type Page = { page: number; limit: number }
