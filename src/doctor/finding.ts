/** A rule that does not hold, and where. */
export type Finding = { rule: string; what: string }

/** Of each rule; the rest is counted. */
export const shown_max = 20

/** The first of what is wrong, and how much more there is. */
export function limited(rule: string, whats: readonly string[], total: number): Finding[] {
  const findings = whats.slice(0, shown_max).map((what) => ({ rule, what }))
  const more = total - findings.length
  return more > 0 ? [...findings, { rule, what: `and ${more} more` }] : findings
}
