/** The languages that people are spoken to in. */
export const languages = ['en', 'id'] as const
export type Language = (typeof languages)[number]

/** What is named, if it is one of them. */
export const asLanguage = (value: unknown): Language | undefined => languages.find((one) => one === value)

const header_length_max = 200

/**
 * The language that somebody reads best of those we have, by their Accept-Language
 * (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.4); English if none fits.
 */
export function languageOf(header: string | undefined): Language {
  let best: { language: Language; quality: number } | undefined
  for (const part of (header ?? '').slice(0, header_length_max).split(',')) {
    const [, tag = '', quality = '1'] = /^\s*([a-z]{1,8})(?:-[\w-]*)?\s*(?:;\s*q=([\d.]+))?\s*$/i.exec(part) ?? []
    const language = asLanguage(tag.toLowerCase())
    if (language && Number(quality) > (best?.quality ?? 0)) best = { language, quality: Number(quality) }
  }
  return best?.language ?? 'en'
}

/** A number for each language, for where it must tell one answer from another. */
export const numberOf = (language: Language): number => languages.indexOf(language)
