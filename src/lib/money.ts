import type { Language } from './language.ts'
import { integer_max } from './limits.ts'

/**
 * Money is an integer in minor units of its currency, everywhere: never a fraction, never rounded unasked.
 *
 * How many digits a currency has behind the point is what ISO 4217 says, by way of Intl, but for the rupiah: its sen
 * are on paper alone, no bank and no Indonesian payment provider takes them, so 500000 is Rp 500.000.
 */
const digitsOf = new Map<string, number>([['IDR', 0]])

/** Every currency that Intl knows. */
const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

export const isCurrency = (code: string): boolean => currencies.has(code)

/** Digits behind the point: 0 for IDR and JPY, 2 for USD, 3 for KWD. */
export function minorDigits(currency: string): number {
  let digits = digitsOf.get(currency)
  if (digits === undefined) {
    digits = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
    digitsOf.set(currency, digits)
  }
  return digits
}

/**
 * A sum of amounts, as a database gave it: each of them is an integer that JSON carries exactly, all of them together may
 * not be. What is beyond the largest such integer is shown as it.
 */
export function boundedSum(sum: number | string): number {
  return Math.max(-integer_max, Math.min(integer_max, Number(sum)))
}

/** Making one takes longer than all else that a booking's answer needs. There are as many as currencies and languages. */
const formats = new Map<string, Intl.NumberFormat>()

/** An amount as people read it: `Rp 500.000` in Indonesian, `$12.50` in English. */
export function formatMoney(amount: number, currency: string, language: Language): string {
  const digits = minorDigits(currency)
  const name = `${language} ${currency}`
  let format = formats.get(name)
  if (!format) {
    const shown = { minimumFractionDigits: digits, maximumFractionDigits: digits }
    format = new Intl.NumberFormat(language, { style: 'currency', currency, ...shown })
    formats.set(name, format)
  }
  return format.format(amount / 10 ** digits)
}
