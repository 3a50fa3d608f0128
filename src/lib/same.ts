import { createHash, timingSafeEqual } from 'node:crypto'

/** In a time that tells nothing about where they differ, nor how long the secret one is. */
export function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
