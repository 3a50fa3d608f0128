/** `warning`: works, and may not for long, or not for real. `wrong`: something that people need is broken. */
export type Verdict = 'good' | 'warning' | 'wrong'

/** What a check found. Never with a secret in it. */
export type Result = Readonly<{ verdict: Verdict; what: string; advice?: string }>

export const good = (what: string): Result => ({ verdict: 'good', what })
export const warning = (what: string, advice: string): Result => ({ verdict: 'warning', what, advice })
export const wrong = (what: string, advice: string): Result => ({ verdict: 'wrong', what, advice })

const causes_max = 4
const units = ['B', 'kB', 'MB', 'GB', 'TB']

/** `1.5 GB`, in powers of 1000, as disks are sold. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1]
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** What an error says, in one line, with these secrets taken out; also as they stand in a URL. */
export function saidBy(error: unknown, secrets: readonly (string | undefined)[] = []): string {
  const said: string[] = []
  for (let at = error; at instanceof Error && said.length < causes_max; at = at.cause) said.push(at.message || at.name)
  let text = said.length > 0 ? said.join(': ') : String(error)
  for (const secret of secrets) {
    if (secret) text = text.replaceAll(secret, '…').replaceAll(encodeURIComponent(secret), '…')
  }
  return text.replaceAll(/\s+/g, ' ').slice(0, 300)
}
