import { randomBytes, randomInt } from 'node:crypto'

const nasty = [
  "'",
  '"',
  '\\',
  ';',
  '--',
  '/*',
  '`',
  '%',
  '\n',
  '\r',
  '\x1a',
  '0x',
  '_utf8mb4',
  '🎫',
  'ﾊ',
  '中',
  "\\'",
  '?',
  '\t',
  'A',
  ' ',
]

/** Random well-formed text, full of what breaks out of strings. */
export function hostileText(): string {
  const parts = Array.from({ length: randomInt(0, 12) }, () =>
    randomInt(3) ? nasty[randomInt(nasty.length)]! : randomBytes(3).toString('latin1'),
  )
  return parts.join('').replaceAll('\0', '').toWellFormed()
}
