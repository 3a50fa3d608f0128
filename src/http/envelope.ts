import { messageOf, type ErrorCode } from '../lib/errors.ts'
import type { Page } from '../lib/page.ts'

/** The answer of a success, as v1 wraps it. */
export function success<Data>(message: string, data: Data) {
  return { success: true as const, message, data }
}

/** The answer of a success without data. */
export function done(message: string) {
  return { success: true as const, message }
}

/** What a list's query fetches: one row more than is shown, to see whether there is a next page. */
export function listed<Row, Shown>(message: string, rows: Row[], { page, limit }: Page, show: (row: Row) => Shown) {
  return {
    ...success(message, rows.slice(0, limit).map(show)),
    meta: { page, limit, has_more: rows.length > limit },
  }
}

/** The answer of a refusal, as v1 wraps it. */
export function failure(message: string) {
  return { success: false as const, error: message }
}

/** The whole body of a refusal, for where no serialiser is at hand. */
export function failureBody(code: ErrorCode): string {
  return JSON.stringify(failure(messageOf(code)))
}
