import { createHash } from 'node:crypto'
import { DomainError } from '../../../lib/errors.ts'
import { minorDigits } from '../../../lib/money.ts'
import { ProviderError, type Webhook } from './provider.ts'

type Fields = Readonly<Record<string, unknown>>

/** The fields of what came from outside; none, if it is no object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** Undefined if it is no text, or none that fits. */
export function textOf(value: unknown, length_max = 255): string | undefined {
  return typeof value === 'string' && value !== '' && value.length <= length_max ? value : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/**
 * A text that must be there, in an answer without which nothing can go on.
 *
 * @throws ProviderError `unknown`
 */
export function needText(provider: string, body: unknown, name: string, length_max = 255): string {
  const text = textOf(fieldsOf(body)[name], length_max)
  if (text === undefined) throw new ProviderError('unknown', `${provider} answered without ${name}`)
  return text
}

/** Where a customer may be sent: an address of the web, and nothing that a browser would run. */
export function needUrl(provider: string, body: unknown, name: string): string {
  const url = needText(provider, body, name, 2_000)
  if (!/^https?:\/\//.test(url)) throw new ProviderError('unknown', `${provider} answered without a good ${name}`)
  return url
}

/** No more than so many characters, and none of them halved. */
export function cut(text: string, length_max: number): string {
  return Array.from(text).slice(0, length_max).join('')
}

/** What a person should know, in the room that there is for it. */
export function noteOf(...parts: (string | undefined)[]): string | undefined {
  return cut(parts.filter(Boolean).join(' '), 500) || undefined
}

/** Minor units → the number that a provider takes which counts in whole units: 1250 USD is 12.5. */
export function toDecimal(amount: number, currency: string): number {
  // One division, rounded once to the nearest double: what JSON makes of it are the very digits.
  return amount / 10 ** minorDigits(currency)
}

/** And back. Undefined for what is no whole number of minor units, as number or as text: never rounded. */
export function fromDecimal(value: unknown, currency: string): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  const parts = typeof text === 'string' ? /^(\d{1,15})(?:\.(\d{1,6}))?$/.exec(text) : null
  if (!parts) return undefined
  const [, whole = '', fraction = ''] = parts
  const digits = minorDigits(currency)
  if (!/^0*$/.test(fraction.slice(digits))) return undefined
  const amount = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  return Number.isSafeInteger(amount) ? amount : undefined
}

export function headerOf({ headers }: Webhook, name: string): string | undefined {
  return textOf(headers[name], 4_000)
}

/**
 * @throws DomainError `invalid_webhook`
 */
export function jsonOf({ body }: Webhook): Fields {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  } catch {
    // Said below.
  }
  throw new DomainError('invalid_webhook')
}

/** One name of all that makes a notice differ from others, as it can be stored: short, and ASCII. */
export function eventKey(...parts: (string | undefined)[]): string {
  const key = parts.map((part) => part ?? '').join('/')
  return /^[\x21-\x7e]{1,255}$/.test(key) ? key : createHash('sha256').update(key).digest('hex')
}

/** Undefined for what can't be one of our names for a payment. */
export const attemptKey = (value: unknown) => keyOf(value, 64)

/** The same for a refund, which is named after its payment. */
export const refundKey = (value: unknown) => keyOf(value, 96)

function keyOf(value: unknown, length_max: number): string | undefined {
  const key = textOf(value, length_max)
  return key !== undefined && /^[\x21-\x7e]+$/.test(key) ? key : undefined
}
