const markup = Symbol('markup')

/** Markup that is safe to send: made by `html` and by nothing else, so no value from outside can pass for it. */
export type Html = Readonly<{ [markup]: string }>

type Value = string | number | Html | readonly Html[] | undefined

/** Markup with values in it. Every value is escaped, for text and for attributes in double quotes; `undefined` is nothing. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  return { [markup]: parts.map((part, index) => (index === 0 ? '' : written(values[index - 1])) + part).join('') }
}

/** A style sheet. It takes no values: escaping is another there. */
export const css = (parts: TemplateStringsArray): Html => html(parts)

/** The element that holds a style sheet and not one space more, so that a policy can name it by its hash. */
export const styleElement = (sheet: Html): Html => ({ [markup]: `<style>${sheet[markup]}</style>` })

/** The text to send. */
export const textOf = (page: Html): string => page[markup]

function written(value: Value): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return escaped(value)
  if (typeof value === 'number') return String(value)
  return markup in value ? value[markup] : value.map(textOf).join('')
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character]!)
