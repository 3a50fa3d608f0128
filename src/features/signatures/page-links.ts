import type { Deps } from '../../deps.ts'
import { dateOf, type Timestamp } from '../../lib/time.ts'
import type { LinkPurpose } from './link-token.ts'

/** Pages that a link in a mail leads to; `password` takes the secret of a reset, the others the token of a link. */
export type Page = LinkPurpose | 'password'

/** Where a page is, by its place on a server. */
export const pagePath = (page: Page): string => `/go/${page}`

/** The link to a page, as it is written into a mail. Who has it has what it opens. */
export function pageLink({ publicUrl }: Pick<Deps, 'publicUrl'>, page: Page, token: string): string {
  return `${publicUrl()}${pagePath(page)}?token=${encodeURIComponent(token)}`
}

const kept_ms = 7 * 24 * 60 * 60 * 1_000

/** Until when the links to an event's bookings and tickets hold: a week after it has begun or, if that is said, ended. */
export function linkUntil({ date, ends_at }: { date: Timestamp; ends_at: Timestamp | null }): Date {
  return new Date(dateOf(ends_at ?? date).getTime() + kept_ms)
}
