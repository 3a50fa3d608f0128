import { html, type Html } from '../../lib/html.ts'
import { qrCode, quiet_modules } from '../documents/qr-code.ts'

/** A QR code that fills what it is put into. Each bar of dark modules is one stroke of its path: the page stays small. */
export function qrPicture(text: string, label: string): Html {
  const { size, bars } = qrCode(text)
  const side = size + 2 * quiet_modules
  const path = bars.map(({ x, y, width }) => `M${x + quiet_modules} ${y + quiet_modules}h${width}v1h-${width}z`)
  return html`<svg
    class="qr"
    viewBox="0 0 ${side} ${side}"
    role="img"
    aria-label="${label}"
    shape-rendering="crispEdges"
  >
    <path d="${path.join('')}" />
  </svg>`
}
