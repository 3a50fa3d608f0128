import { encodeQR } from 'qr'
import { html, type Html } from '../../lib/html.ts'

/** Light modules around it (ISO/IEC 18004, 9.1). */
const quiet_modules = 4

/** A QR code that fills what it is put into. Each run of dark modules is one stroke of its path, which keeps the page small. */
export function qrPicture(text: string, label: string): Html {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: quiet_modules })
  const runs = rows.flatMap((row, y) =>
    [
      ...row
        .map((dark) => (dark ? '1' : '0'))
        .join('')
        .matchAll(/1+/g),
    ].map(({ index, 0: run }) => `M${index} ${y}h${run.length}v1h-${run.length}z`),
  )
  return html`<svg
    class="qr"
    viewBox="0 0 ${rows.length} ${rows.length}"
    role="img"
    aria-label="${label}"
    shape-rendering="crispEdges"
  >
    <path d="${runs.join('')}" />
  </svg>`
}
