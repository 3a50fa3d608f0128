import { sql, type RawBuilder } from 'kysely'

/**
 * A sum of amounts: exact up to what a number of JSON holds, and an approximation beyond, for `boundedSum`. Of decimals, since
 * SQLite refuses a sum of integers beyond 64 bits and its driver one beyond 53. MySQL's driver gives it as text.
 */
export const sumOf = (expression: RawBuilder<unknown>) => sql<number | string>`sum(1.0 * (${expression}))`
